-- The order is committed as being with the courier: forgets that the pick is unrecorded. Where Redis thinks
-- otherwise (it lost its data, or another pick was made meanwhile) it adopts what is committed.
--
-- ARGV: 1 order, 2 courier
-- Answers: COLD | OK | ADOPTED
if is_cold() then
    return { 'COLD' }
end
local order, courier = ARGV[1], ARGV[2]
local holder = redis.call('HGET', ORDERS, order)
if holder == courier then
    redis.call('HDEL', UNRECORDED, order)
    return { 'OK' }
end
if holder then
    give_back(order, holder)
end
take(order, courier)
return { 'ADOPTED' }
