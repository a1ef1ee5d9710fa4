-- The order has come to its end, or is not of this zone: it is with this courier no longer, and does not wait either.
-- Counts down only if it was with them, so it may be repeated.
--
-- ARGV: 1 now, 2 order, 3 courier, or empty
-- Answers: COLD | OK drainable      drainable is 1 when the freed place can go to a waiting order
if is_cold() then
    return { 'COLD' }
end
give_back(ARGV[2], ARGV[3])
redis.call('ZREM', PENDING, ARGV[2])
redis.call('HDEL', DECLINED, ARGV[2])
return { 'OK', drainable() }
