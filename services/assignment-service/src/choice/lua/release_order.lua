-- The order has come to its end, or is not of this zone: it is with nobody, and does not wait either. Counts down only if
-- somebody has it, so it may be repeated.
--
-- ARGV: 1 now, 2 order, 3 the courier whose pick did not hold, or empty, or * for whoever has it, since it has ended
-- Answers: COLD | OK drainable      drainable is 1 when the freed place can go to a waiting order
if is_cold() then
    return { 'COLD' }
end
local order, former = ARGV[2], ARGV[3]
if former == '*' then
    give_back(order, redis.call('HGET', ORDERS, order))
    redis.call('HDEL', DECLINED, order)
elseif redis.call('HEXISTS', UNRECORDED, order) == 1 then
    -- Only as long as it is a pick: told late, this must not take what was recorded meanwhile.
    give_back(order, former)
end
redis.call('ZREM', PENDING, order)
return { 'OK', drainable() }
