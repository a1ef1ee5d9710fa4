-- Takes over what is committed of a courier, unless something newer is here already. Whoever leaves stays as a tombstone,
-- so that older news does not bring them back; their open orders and last tick are kept.
--
-- ARGV: 1 now, 2 courier, 3 revision, 4 state, 5 capacity, 6 carried (the formats of the hash `courier`)
-- Answers: COLD | STALE | OK drainable known      known is 1 when just this was here already
if is_cold() then
    return { 'COLD' }
end
local courier, revision, state = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local entry = read(courier)
if entry and entry.revision > revision then
    return { 'STALE' }
end
local known = entry and entry.revision == revision
local arrives = not entry or (entry.state == 'g' and state ~= 'g')
local tick = arrives and next_tick() or entry.tick
entry = { revision = revision, state = state, capacity = tonumber(ARGV[5]), carried = tonumber(ARGV[6]), tick = tick }
write(courier, entry)
place(courier, entry)
return { 'OK', drainable(), known and 1 or 0 }
