-- The order is with the courier, and the caller holds its row so that this stays true while the script runs: whatever
-- was thought here is given up.
--
-- ARGV: 1 now, 2 order, 3 courier
-- Answers: COLD | OK drainable
if is_cold() then
    return { 'COLD' }
end
local order, courier = ARGV[2], ARGV[3]
local holder = redis.call('HGET', ORDERS, order)
if holder ~= courier then
    if holder then
        give_back(order, holder)
    end
    take(order, courier)
end
redis.call('HDEL', UNRECORDED, order)
return { 'OK', drainable() }
