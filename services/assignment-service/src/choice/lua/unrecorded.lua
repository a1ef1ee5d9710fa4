-- Picks that were made a while ago and are still not known to be committed: their process may have died.
--
-- ARGV: 1 made before, in milliseconds, 2 where to go on (0 at first), 3 how many to look at, about
-- Answers: COLD | OK drainable next (order courier score runner_up candidates)*      next is 0 at the end
if is_cold() then
    return { 'COLD' }
end
local before = tonumber(ARGV[1])
local scanned = redis.call('HSCAN', UNRECORDED, ARGV[2], 'COUNT', ARGV[3])
local answer = { 'OK', drainable(), scanned[1] }
local entries = scanned[2]
for i = 1, #entries, 2 do
    local courier, score, runner_up, candidates, at = string.match(entries[i + 1], '^(%S+) (%d+) (%S+) (%d+) (%d+)$')
    if courier and tonumber(at) < before then
        for _, value in ipairs({ entries[i], courier, score, runner_up, candidates }) do
            answer[#answer + 1] = value
        end
    end
end
return answer
