-- Gives waiting orders to couriers, the first in line first, in a bounded step. An order that all who could take it have
-- declined keeps its place and holds up nobody behind it.
--
-- ARGV: 1 now, 2 how many to look at, at most, 3 the order after which to go on, or empty
-- Answers:
--   COLD
--   OK more next again (order courier score runner_up candidates)*
--     more   1 when another step would find something to do, after the order `next`
--     again  when somebody can take more without further news, in milliseconds; 0 for never
if is_cold() then
    return { 'COLD' }
end
wake()
-- Declines after which a step ends, wherever it is.
local LOOKED = 500
local most, after = tonumber(ARGV[2]), ARGV[3]
local rank = after ~= '' and redis.call('ZRANK', PENDING, after)
local line = redis.call('ZRANGE', PENDING, rank and rank + 1 or 0, (rank and rank + 1 or 0) + most - 1)
local answer, next, again, seen = { 'OK', 0, '', 0 }, rank and after or '', nil, 0
for _, order in ipairs(line) do
    if looked > LOOKED or redis.call('EXISTS', COURIERS) == 0 then
        break
    end
    seen = seen + 1
    if redis.call('HEXISTS', ORDERS, order) == 1 then
        redis.call('ZREM', PENDING, order)
    else
        local picked, asked_again = pick(order)
        if picked then
            answer[#answer + 1] = order
            for _, value in ipairs(picked) do
                answer[#answer + 1] = value
            end
        else
            next = order
            again = math.min(asked_again or math.huge, again or math.huge)
        end
    end
end
if redis.call('EXISTS', PENDING) == 1 then
    local rested = redis.call('ZRANGE', RESTING, 0, 0, 'WITHSCORES')
    again = math.min(tonumber(rested[2]) or math.huge, again or math.huge)
    -- There may be more behind those that were looked at.
    if (seen < #line or seen == most) and redis.call('EXISTS', COURIERS) == 1 then
        answer[2] = 1
    end
end
answer[3] = next
answer[4] = (again and again < math.huge) and string.format('%.0f', again) or 0
return answer
