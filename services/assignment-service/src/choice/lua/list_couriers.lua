-- A part of the couriers who are of this zone, available or not, as far as is known here.
--
-- ARGV: 1 now, 2 where to go on (0 at first), 3 how many to look at, about
-- Answers: COLD | OK next (courier)*      next is 0 at the end
if is_cold() then
    return { 'COLD' }
end
local scanned = redis.call('HSCAN', COURIER, ARGV[2], 'COUNT', ARGV[3])
local answer = { 'OK', scanned[1] }
for i = 1, #scanned[2], 2 do
    if not string.find(scanned[2][i + 1], '^%d+ g ') then
        answer[#answer + 1] = scanned[2][i]
    end
end
return answer
