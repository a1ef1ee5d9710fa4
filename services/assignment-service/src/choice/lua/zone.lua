-- The head of every script, after the policy: names for the keys of one zone, and what the scripts share.
--
-- KEYS, the same eleven for every script, all with the hash tag {ZONE}:
--   1 couriers    sorted set: who can take an order; open orders (or their share of the capacity) plus a fraction that
--                 grows with the last assignment
--   2 full        sorted set: who is available and has as many open orders as they take
--   3 resting     sorted set: who is available and got as many orders as a window allows -> until when, milliseconds
--   4 open        hash: courier -> how many orders of this zone are theirs in `orders`
--   5 courier     hash: courier -> "REVISION STATE CAPACITY CARRIED TICK"
--                   REVISION raised by each change in the facts; the greater one wins
--                   STATE    a available, u unavailable, g gone to another zone
--                   CAPACITY most open orders, -1 for no limit
--                   CARRIED  their open orders of other zones
--                   TICK     when they were last given an order here, or came; orders ties
--   6 recent      hash: courier -> times of their latest assignments, "MILLISECONDS ", the newest last; with a window only
--   7 orders      hash: order -> courier, for orders of this zone now assigned
--   8 pending     sorted set: orders that wait and are recorded as waiting, by priority, then age
--   9 declined    hash: order -> "COURIER MILLISECONDS;" for each who declined it
--  10 unrecorded  hash: order -> "COURIER SCORE RUNNER_UP CANDIDATES AT_MS": picks not yet known to be committed
--  11 meta        hash: epoch (the warm marker), policy, tick, loading (token of whoever loads the zone now)
--
-- ARGV[1] is the time in milliseconds. The policy names RATIO, WINDOW_MOST (0: no window), WINDOW_MS and DECLINE_MS.
-- A script first checks everything and then writes: what has been written is not rolled back.

local COURIERS, FULL, RESTING, OPEN = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local COURIER, RECENT, ORDERS, PENDING = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local DECLINED, UNRECORDED, META = KEYS[9], KEYS[10], KEYS[11]
local NOW = tonumber(ARGV[1])
local POLICY = string.format('%s %d %d', tostring(RATIO), WINDOW_MOST, WINDOW_MS)

-- The fraction of a score is tick / 2^36: a score up to 65,536 is exact in a double.
local TICKS = 68719476736
-- Couriers who are looked at in one step to see whether their rest is over.
local WAKE = 25

-- Cold: not loaded, loaded under another policy, or out of ticks (after 2^36 assignments); loading numbers them anew.
local function is_cold()
    local meta = redis.call('HMGET', META, 'epoch', 'tick', 'policy')
    return not meta[1] or meta[3] ~= POLICY or tonumber(meta[2] or '0') >= TICKS - 1000000
end

local function next_tick()
    return redis.call('HINCRBY', META, 'tick', 1)
end

local function read(courier)
    local text = redis.call('HGET', COURIER, courier)
    if not text then
        return nil
    end
    local revision, state, capacity, carried, tick = string.match(text, '^(%d+) (%a) (%-?%d+) (%d+) (%d+)$')
    return {
        revision = tonumber(revision), state = state, capacity = tonumber(capacity),
        carried = tonumber(carried), tick = tonumber(tick)
    }
end

local function write(courier, entry)
    redis.call('HSET', COURIER, courier, string.format('%.0f %s %d %d %.0f',
        entry.revision, entry.state, entry.capacity, entry.carried, entry.tick))
end

-- Open orders: their score.
local function load_of(courier, entry)
    return tonumber(redis.call('HGET', OPEN, courier) or '0') + (entry and entry.carried or 0)
end

-- Until when a courier has had enough; 0 when they have not.
local function rests_until(courier)
    if WINDOW_MOST == 0 then
        return 0
    end
    local times = {}
    for time in string.gmatch(redis.call('HGET', RECENT, courier) or '', '%d+') do
        times[#times + 1] = tonumber(time)
    end
    local oldest = times[#times - WINDOW_MOST + 1]
    return oldest and oldest + WINDOW_MS or 0
end

-- Puts a courier where the entry and the open orders say: among those who can take an order, the full, those who rest,
-- or none of them.
local function place(courier, entry)
    local load = load_of(courier, entry)
    local rank = load
    if RATIO then
        -- In steps of 1/65,536. Without a limit any number of orders is no share of it.
        rank = entry.capacity > 0 and math.floor(load * 65536 / entry.capacity) or 0
    end
    local set, score = COURIERS, string.format('%.17g', rank + entry.tick / TICKS)
    if entry.state ~= 'a' then
        set = nil
    elseif entry.capacity >= 0 and load >= entry.capacity then
        set = FULL
    else
        local rests = rests_until(courier)
        if rests > NOW then
            set, score = RESTING, rests
        end
    end
    for _, other in ipairs({ COURIERS, FULL, RESTING }) do
        if other == set then
            redis.call('ZADD', set, score, courier)
        else
            redis.call('ZREM', other, courier)
        end
    end
end

-- Takes back those whose rest is over.
local function wake()
    if WINDOW_MOST == 0 then
        return
    end
    for _, courier in ipairs(redis.call('ZRANGEBYSCORE', RESTING, '-inf', NOW, 'LIMIT', 0, WAKE)) do
        place(courier, read(courier))
    end
end

local function note_recent(courier)
    if WINDOW_MOST == 0 then
        return
    end
    local times = {}
    for time in string.gmatch(redis.call('HGET', RECENT, courier) or '', '%d+') do
        times[#times + 1] = time
    end
    times[#times + 1] = ARGV[1]
    redis.call('HSET', RECENT, courier, table.concat(times, ' ', math.max(1, #times - WINDOW_MOST + 1)))
end

-- A pick came to nothing: it does not count for the window.
local function forget_recent(courier, at)
    if WINDOW_MOST == 0 then
        return
    end
    local times = {}
    for time in string.gmatch(redis.call('HGET', RECENT, courier) or '', '%d+') do
        if time == at then
            at = nil
        else
            times[#times + 1] = time
        end
    end
    redis.call('HSET', RECENT, courier, table.concat(times, ' '))
end

-- Notes that the order is with the courier; the newest assignment puts them behind their equals.
local function take(order, courier)
    redis.call('HSET', ORDERS, order, courier)
    redis.call('HINCRBY', OPEN, courier, 1)
    redis.call('ZREM', PENDING, order)
    local entry = read(courier)
    if entry then
        entry.tick = next_tick()
        write(courier, entry)
        place(courier, entry)
    end
end

-- Takes the order from the courier, if it is with them.
local function give_back(order, courier)
    if not courier or redis.call('HGET', ORDERS, order) ~= courier then
        return
    end
    redis.call('HDEL', ORDERS, order)
    local picked = redis.call('HGET', UNRECORDED, order)
    if picked then
        redis.call('HDEL', UNRECORDED, order)
        forget_recent(courier, string.match(picked, '(%d+)$'))
    end
    if redis.call('HINCRBY', OPEN, courier, -1) <= 0 then
        redis.call('HDEL', OPEN, courier)
    end
    local entry = read(courier)
    if entry then
        place(courier, entry)
    end
end

-- Who declined the order -> when.
local function read_declined(order)
    local declined = {}
    for courier, at in string.gmatch(redis.call('HGET', DECLINED, order) or '', '(%S+) (%d+);') do
        declined[courier] = tonumber(at)
    end
    return declined
end

-- Declines that this script has looked at: what bounds its time besides the orders.
local looked = 0

-- Who may be asked for the order: the first, the second, how many, and when somebody more may be asked because their
-- decline has aged (nil: nobody). Who never declined it goes before those whose decline has aged.
local function able(order)
    if redis.call('HEXISTS', DECLINED, order) == 0 then
        local best = redis.call('ZRANGE', COURIERS, 0, 1)
        return best[1], best[2], redis.call('ZCARD', COURIERS), nil
    end
    local declined, count, excluded, again = read_declined(order), 0, 0, nil
    for courier, at in pairs(declined) do
        local aged = at + DECLINE_MS
        declined[courier], count, looked = aged, count + 1, looked + 1
        if aged > NOW and redis.call('ZSCORE', COURIERS, courier) then
            excluded = excluded + 1
            again = math.min(again or aged, aged)
        end
    end
    -- Of one more than declined it somebody has not, if there is anybody; two more for the second.
    local fresh, aged = {}, {}
    for _, courier in ipairs(redis.call('ZRANGE', COURIERS, 0, count + 1)) do
        if not declined[courier] then
            fresh[#fresh + 1] = courier
        elseif declined[courier] <= NOW then
            aged[#aged + 1] = courier
        end
    end
    for _, courier in ipairs(aged) do
        fresh[#fresh + 1] = courier
    end
    return fresh[1], fresh[2], redis.call('ZCARD', COURIERS) - excluded, again
end

-- Gives the order to the courier with the least score who may be asked; answers {courier, score, runner_up, candidates},
-- or nil when nobody can take it, and when somebody may be asked again.
local function pick(order)
    local courier, runner_up, candidates, again = able(order)
    if not courier then
        return nil, again
    end
    local score = load_of(courier, read(courier))
    runner_up = runner_up or '-'
    note_recent(courier)
    take(order, courier)
    redis.call('HSET', UNRECORDED, order,
        string.format('%s %d %s %d %s', courier, score, runner_up, candidates, ARGV[1]))
    return { courier, score, runner_up, candidates }
end

-- 1 when an order waits and somebody here could take one, now or after their rest: it is a drain that finds out when.
local function drainable()
    wake()
    return (redis.call('EXISTS', PENDING) == 1 and redis.call('EXISTS', COURIERS, RESTING) > 0) and 1 or 0
end
