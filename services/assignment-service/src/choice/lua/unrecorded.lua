-- Picks that were made a while ago and are still not known to be committed: their process may have died.
--
-- ARGV: 1 now, 2 made at this time or before, in milliseconds, 3 where to go on (0 at first), 4 how many to look at, about
-- Answers: COLD | OK next (order courier score runner_up candidates)*      next is 0 at the end
if is_cold() then
    return { 'COLD' }
end
local before = tonumber(ARGV[2])
local scanned = redis.call('HSCAN', UNRECORDED, ARGV[3], 'COUNT', ARGV[4])
local answer = { 'OK', scanned[1] }
local entries = scanned[2]
for i = 1, #entries, 2 do
    local courier, score, runner_up, candidates, at = string.match(entries[i + 1], '^(%S+) (%d+) (%S+) (%d+) (%d+)$')
    if courier and tonumber(at) <= before then
        for _, value in ipairs({ entries[i], courier, score, runner_up, candidates }) do
            answer[#answer + 1] = value
        end
    end
end
return answer
