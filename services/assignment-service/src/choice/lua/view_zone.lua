-- What is here of a zone, for lookups.
--
-- ARGV: 1 now, 2 how many of each at most
-- Answers: COLD | OK couriers waiting n (courier score capacity){n} (order)*      who is next first
if is_cold() then
    return { 'COLD' }
end
wake()
local last = tonumber(ARGV[2]) - 1
local best = redis.call('ZRANGE', COURIERS, 0, last)
local available = redis.call('ZCARD', COURIERS) + redis.call('ZCARD', FULL) + redis.call('ZCARD', RESTING)
local answer = { 'OK', available, redis.call('ZCARD', PENDING), #best }
for _, courier in ipairs(best) do
    local entry = read(courier)
    answer[#answer + 1] = courier
    answer[#answer + 1] = load_of(courier, entry)
    answer[#answer + 1] = entry and entry.capacity or -1
end
for _, order in ipairs(redis.call('ZRANGE', PENDING, 0, last)) do
    answer[#answer + 1] = order
end
return answer
