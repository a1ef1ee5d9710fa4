-- The order is committed as waiting: puts it in line, after taking back the pick that did not hold, and notes who
-- declined it.
--
-- ARGV: 1 now, 2 order, 3 rank in line, 4 the courier whose pick did not hold, or empty, or * for whoever has it by a pick
--       that is recorded (only for a caller who holds the order's row), then (courier declined_at)*
-- Answers:
--   COLD
--   DIFFERS                     somebody has it by a recorded pick: ask again who is right; nothing was written
--   OK drainable                drainable is 1 when an order waits and somebody could take one, now or after their rest
if is_cold() then
    return { 'COLD' }
end
local order, rank, former = ARGV[2], ARGV[3], ARGV[4]
local holder = redis.call('HGET', ORDERS, order)
if holder and redis.call('HEXISTS', UNRECORDED, order) == 0 then
    if former ~= '*' then
        return { 'DIFFERS' }
    end
    former = holder
end
give_back(order, former)
if #ARGV > 4 then
    -- Added to what is there: this may be older than what another process told.
    local declined = read_declined(order)
    for i = 5, #ARGV, 2 do
        declined[ARGV[i]] = math.max(declined[ARGV[i]] or 0, tonumber(ARGV[i + 1]))
    end
    local entries = {}
    for courier, at in pairs(declined) do
        entries[#entries + 1] = string.format('%s %.0f;', courier, at)
    end
    table.sort(entries)
    redis.call('HSET', DECLINED, order, table.concat(entries))
end
if redis.call('HEXISTS', ORDERS, order) == 0 then
    redis.call('ZADD', PENDING, 'NX', rank, order)
end
return { 'OK', drainable() }
