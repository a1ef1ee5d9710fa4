-- Gives waiting orders to couriers, the first in line first, in a bounded step.
--
-- ARGV: 1 now in milliseconds, 2 how many at most
-- Answers:
--   COLD
--   OK more (order courier score runner_up candidates)*     more is 1 when another step would find something to do
if is_cold() then
    return { 'COLD' }
end
local now_ms, most = ARGV[1], tonumber(ARGV[2])
local answer = { 'OK', 0 }
for _, order in ipairs(redis.call('ZRANGE', PENDING, 0, most - 1)) do
    if redis.call('HEXISTS', ORDERS, order) == 1 then
        redis.call('ZREM', PENDING, order)
    else
        local picked = pick(order, now_ms)
        if not picked then
            break
        end
        answer[#answer + 1] = order
        for _, value in ipairs(picked) do
            answer[#answer + 1] = value
        end
    end
end
answer[2] = drainable()
return answer
