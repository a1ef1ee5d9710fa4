-- The order is committed as waiting: puts it in line, after taking back the pick that did not hold.
--
-- ARGV: 1 order, 2 rank in line, 3 the courier of the pick that did not hold, or empty
-- Answers: COLD | OK drainable      drainable is 1 when somebody could take a waiting order now
if is_cold() then
    return { 'COLD' }
end
local order, rank, picked = ARGV[1], ARGV[2], ARGV[3]
if picked ~= '' then
    give_back(order, picked)
end
if redis.call('HEXISTS', ORDERS, order) == 0 then
    redis.call('ZADD', PENDING, 'NX', rank, order)
end
return { 'OK', drainable() }
