-- Chooses a courier for an order, once: an order that has one keeps them, so a redelivery changes nothing.
--
-- ARGV: 1 now, 2 order
-- Answers:
--   COLD
--   KNOWN courier pick?         it is with them; `pick` is the entry of `unrecorded`, empty once it is confirmed
--   ASSIGNED courier score runner_up candidates
--   WAITING                     nobody can take it, or others wait before it; nothing was written
if is_cold() then
    return { 'COLD' }
end
local order = ARGV[2]
local courier = redis.call('HGET', ORDERS, order)
if courier then
    return { 'KNOWN', courier, redis.call('HGET', UNRECORDED, order) or '' }
end
if redis.call('EXISTS', PENDING) == 1 then
    return { 'WAITING' }
end
wake()
local picked = pick(order)
if not picked then
    return { 'WAITING' }
end
return { 'ASSIGNED', picked[1], picked[2], picked[3], picked[4] }
