-- Takes over what is committed of a courier, unless newer news is here already. Whoever leaves stays as a tombstone,
-- so that older news does not bring them back; their open orders and last tick are kept.
--
-- ARGV: 1 courier, 2 version, 3 state, 4 capacity, 5 carried (the formats of the hash `courier`)
-- Answers: COLD | STALE | OK drainable
if is_cold() then
    return { 'COLD' }
end
local courier, version, state = ARGV[1], ARGV[2], ARGV[3]
local entry = read(courier)
if entry and entry.version > version then
    return { 'STALE' }
end
local arrives = not entry or (entry.state == 'g' and state ~= 'g')
local tick = arrives and next_tick() or entry.tick
entry = { version = version, state = state, capacity = tonumber(ARGV[4]), carried = tonumber(ARGV[5]), tick = tick }
write(courier, entry)
place(courier, entry)
return { 'OK', drainable() }
