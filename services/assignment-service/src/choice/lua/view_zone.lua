-- What is here of a zone, for lookups.
--
-- ARGV: 1 how many of each at most
-- Answers: COLD | OK couriers waiting n (courier score capacity){n} (order)*      who is next first
if is_cold() then
    return { 'COLD' }
end
local last = tonumber(ARGV[1]) - 1
local able = redis.call('ZRANGE', COURIERS, 0, last, 'WITHSCORES')
local answer = { 'OK', redis.call('ZCARD', COURIERS) + redis.call('ZCARD', FULL), redis.call('ZCARD', PENDING), #able / 2 }
for i = 1, #able, 2 do
    local entry = read(able[i])
    answer[#answer + 1] = able[i]
    answer[#answer + 1] = math.floor(tonumber(able[i + 1]))
    answer[#answer + 1] = entry and entry.capacity or -1
end
for _, order in ipairs(redis.call('ZRANGE', PENDING, 0, last)) do
    answer[#answer + 1] = order
end
return answer
