-- Fills a zone from the facts, in steps that each hold Redis for a short time only. Until the last one the zone is
-- cold, so nobody else writes to it. A step of somebody who was overtaken by another loader changes nothing.
--
-- ARGV: 1 now, 2 token of the loader, 3 phase, then for each phase:
--   begin                                            empties the zone
--   orders    (order courier)*                       before the couriers: scores count them
--   recent    (courier milliseconds)*                before the couriers: they may have to rest; older times first
--   couriers  (courier revision state capacity carried)*     in the order in which ties go: who waited longest first
--   declined  (order courier milliseconds)*
--   pending   (order rank)*
--   finish                                           the zone is warm
-- Answers: OK | LOST
local token, phase = ARGV[2], ARGV[3]
if phase == 'begin' then
    -- Sent again, and perhaps late: what was loaded since stays.
    if redis.call('HGET', META, 'loading') == token then
        return { 'OK' }
    end
    redis.call('UNLINK', unpack(KEYS))
    redis.call('HSET', META, 'loading', token)
    return { 'OK' }
end
if redis.call('HGET', META, 'loading') ~= token then
    return { 'LOST' }
end
if phase == 'orders' then
    for i = 4, #ARGV, 2 do
        if redis.call('HSET', ORDERS, ARGV[i], ARGV[i + 1]) == 1 then
            redis.call('HINCRBY', OPEN, ARGV[i + 1], 1)
        end
    end
elseif phase == 'recent' then
    for i = 4, #ARGV, 2 do
        local times = redis.call('HGET', RECENT, ARGV[i]) or ''
        redis.call('HSET', RECENT, ARGV[i], times .. ' ' .. ARGV[i + 1])
    end
elseif phase == 'couriers' then
    for i = 4, #ARGV, 5 do
        local entry = {
            revision = tonumber(ARGV[i + 1]), state = ARGV[i + 2], capacity = tonumber(ARGV[i + 3]),
            carried = tonumber(ARGV[i + 4]), tick = next_tick()
        }
        write(ARGV[i], entry)
        place(ARGV[i], entry)
    end
elseif phase == 'declined' then
    for i = 4, #ARGV, 3 do
        local declined = redis.call('HGET', DECLINED, ARGV[i]) or ''
        redis.call('HSET', DECLINED, ARGV[i], declined .. ARGV[i + 1] .. ' ' .. ARGV[i + 2] .. ';')
    end
elseif phase == 'pending' then
    for i = 4, #ARGV, 2 do
        redis.call('ZADD', PENDING, ARGV[i + 1], ARGV[i])
    end
elseif phase == 'finish' then
    redis.call('HDEL', META, 'loading')
    redis.call('HSET', META, 'epoch', token, 'policy', POLICY)
end
return { 'OK' }
