-- The head of every script: names for the keys of one zone, and what the scripts share.
--
-- KEYS, the same eight for every script, all with the hash tag {ZONE}:
--   1 couriers    sorted set: who can take an order; open orders plus a fraction that grows with the last assignment
--   2 full        sorted set: who is available and has as many open orders as they take
--   3 open        hash: courier -> how many orders of this zone are theirs in `orders`
--   4 courier     hash: courier -> "VERSION STATE CAPACITY CARRIED TICK"
--                   VERSION  50 hex digits, compares as text: microseconds, then event id
--                   STATE    a available, u unavailable, g gone to another zone
--                   CAPACITY most open orders, -1 for no limit
--                   CARRIED  their open orders of other zones
--                   TICK     when they were last given an order here, or came; orders ties
--   5 orders      hash: order -> courier, for orders of this zone now assigned
--   6 pending     sorted set: orders that wait and are recorded as waiting, by priority, then age
--   7 unrecorded  hash: order -> "COURIER SCORE RUNNER_UP CANDIDATES AT_MS": picks not yet known to be committed
--   8 meta        hash: epoch (the warm marker), tick, loading (token of whoever loads the zone now)
--
-- A script first checks everything and then writes: what has been written is not rolled back.

local COURIERS, FULL, OPEN, COURIER = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ORDERS, PENDING, UNRECORDED, META = KEYS[5], KEYS[6], KEYS[7], KEYS[8]

-- The fraction of a score is tick / 2^36: a score up to 65,536 open orders is exact in a double.
local TICKS = 68719476736

-- Cold: not loaded, or out of ticks (after 2^36 assignments); loading numbers them anew.
local function is_cold()
    local meta = redis.call('HMGET', META, 'epoch', 'tick')
    return not meta[1] or tonumber(meta[2] or '0') >= TICKS - 1000000
end

local function next_tick()
    return redis.call('HINCRBY', META, 'tick', 1)
end

local function read(courier)
    local text = redis.call('HGET', COURIER, courier)
    if not text then
        return nil
    end
    local version, state, capacity, carried, tick = string.match(text, '^(%x+) (%a) (%-?%d+) (%d+) (%d+)$')
    return {
        version = version, state = state, capacity = tonumber(capacity),
        carried = tonumber(carried), tick = tonumber(tick)
    }
end

local function write(courier, entry)
    redis.call('HSET', COURIER, courier, string.format('%s %s %d %d %.0f',
        entry.version, entry.state, entry.capacity, entry.carried, entry.tick))
end

-- Puts a courier where the entry and the open orders say: among those who can take an order, the full, or neither.
local function place(courier, entry)
    local load = tonumber(redis.call('HGET', OPEN, courier) or '0') + entry.carried
    local score = string.format('%.17g', load + entry.tick / TICKS)
    if entry.state ~= 'a' then
        redis.call('ZREM', COURIERS, courier)
        redis.call('ZREM', FULL, courier)
    elseif entry.capacity >= 0 and load >= entry.capacity then
        redis.call('ZREM', COURIERS, courier)
        redis.call('ZADD', FULL, score, courier)
    else
        redis.call('ZREM', FULL, courier)
        redis.call('ZADD', COURIERS, score, courier)
    end
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
    if redis.call('HGET', ORDERS, order) ~= courier then
        return false
    end
    redis.call('HDEL', ORDERS, order)
    redis.call('HDEL', UNRECORDED, order)
    if redis.call('HINCRBY', OPEN, courier, -1) <= 0 then
        redis.call('HDEL', OPEN, courier)
    end
    local entry = read(courier)
    if entry then
        place(courier, entry)
    end
    return true
end

-- Gives the order to the courier with the least score; answers {courier, score, runner_up, candidates}, or nil when
-- nobody can take it.
local function pick(order, now_ms)
    local best = redis.call('ZRANGE', COURIERS, 0, 1, 'WITHSCORES')
    if #best == 0 then
        return nil
    end
    local courier, score, runner_up = best[1], math.floor(tonumber(best[2])), best[3] or '-'
    local candidates = redis.call('ZCARD', COURIERS)
    take(order, courier)
    redis.call('HSET', UNRECORDED, order,
        string.format('%s %d %s %d %s', courier, score, runner_up, candidates, now_ms))
    return { courier, score, runner_up, candidates }
end

-- 1 when an order waits that somebody here could take.
local function drainable()
    return (redis.call('EXISTS', PENDING) == 1 and redis.call('EXISTS', COURIERS) == 1) and 1 or 0
end
