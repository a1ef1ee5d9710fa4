-- The order is with this courier no longer, and does not wait either. Counts down only if it was with them, so it may
-- be repeated.
--
-- ARGV: 1 order, 2 courier
-- Answers: COLD | OK drainable      drainable is 1 when the freed place can go to a waiting order
if is_cold() then
    return { 'COLD' }
end
give_back(ARGV[1], ARGV[2])
redis.call('ZREM', PENDING, ARGV[1])
return { 'OK', drainable() }
