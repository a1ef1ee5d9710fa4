-- The couriers of a zone in numbers. Changes nothing: who could be woken rests until somebody is chosen.
--
-- ARGV: 1 now
-- Answers: COLD | OK free full resting least most      least and most: open orders of who is free or full, 0 for nobody
if is_cold() then
    return { 'COLD' }
end
local least, most = math.huge, 0
for _, set in ipairs({ COURIERS, FULL }) do
    for _, end_of_it in ipairs({ redis.call('ZRANGE', set, 0, 0), redis.call('ZRANGE', set, -1, -1) }) do
        if end_of_it[1] then
            local load = load_of(end_of_it[1], read(end_of_it[1]))
            least, most = math.min(least, load), math.max(most, load)
        end
    end
end
if least == math.huge then
    least = 0
end
return { 'OK', redis.call('ZCARD', COURIERS), redis.call('ZCARD', FULL), redis.call('ZCARD', RESTING), least, most }
