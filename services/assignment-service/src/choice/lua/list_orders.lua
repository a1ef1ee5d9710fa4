-- A part of the orders that are here with somebody by a recorded pick, or in line.
--
-- ARGV: 1 now, 2 held or waiting, 3 where to go on (0 at first), 4 how many to look at, about
-- Answers: COLD | OK next (order)*      next is 0 at the end
if is_cold() then
    return { 'COLD' }
end
local held = ARGV[2] == 'held'
local scanned = redis.call(held and 'HSCAN' or 'ZSCAN', held and ORDERS or PENDING, ARGV[3], 'COUNT', ARGV[4])
local answer = { 'OK', scanned[1] }
for i = 1, #scanned[2], 2 do
    local order = scanned[2][i]
    if not held or redis.call('HEXISTS', UNRECORDED, order) == 0 then
        answer[#answer + 1] = order
    end
end
return answer
