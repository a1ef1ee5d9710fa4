-- The order is committed as being with the courier: forgets that the pick is unrecorded. Where Redis thinks otherwise
-- (it lost its data, another pick was made, or the order went on meanwhile) it changes nothing: what was committed
-- then may not be what is true now, and has to be asked for again.
--
-- ARGV: 1 now, 2 order, 3 courier
-- Answers: COLD | OK | DIFFERS
if is_cold() then
    return { 'COLD' }
end
if redis.call('HGET', ORDERS, ARGV[2]) ~= ARGV[3] then
    return { 'DIFFERS' }
end
redis.call('HDEL', UNRECORDED, ARGV[2])
return { 'OK' }
