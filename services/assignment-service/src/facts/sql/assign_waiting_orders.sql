-- assign_waiting_orders: Assigns orders that are recorded as waiting in the zone in which they were picked. Answers which, by which
-- pick, and when: later than all that is known of the order, and not before it was; and with which trace the order came, and since when it waited.
-- Whoever has declined it since they were picked does not get it.
-- Arrays of one length: $1 orders, $2 zones, $3 couriers, $4 assignment event ids, $5 scores, $6 runners-up,
-- $7 candidates. $8 now, $9 since when a decline counts.
WITH picked AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::integer[], $6::uuid[], $7::integer[])
        AS picked (order_id, zone, courier_id, assignment_event_id, score, runner_up, candidates)
),
-- Locked in one order, so that two transactions never wait for each other.
locked AS (
    SELECT orders.order_id, greatest($8, orders.first_seen_at, orders.latest_at + interval '1 microsecond') AS at,
           coalesce(orders.latest_at, orders.first_seen_at) AS since
    FROM orders
    WHERE orders.order_id = ANY ($1) AND orders.status = 'pending'
    ORDER BY orders.order_id
    FOR UPDATE
)
UPDATE orders
SET status = 'assigned', courier_id = picked.courier_id, assigned_at = locked.at, latest_at = locked.at,
    assignment_event_id = picked.assignment_event_id, score = picked.score, runner_up = picked.runner_up,
    candidates = picked.candidates, cause = NULL
FROM picked
JOIN locked USING (order_id)
WHERE orders.order_id = picked.order_id AND orders.zone = picked.zone
  AND NOT EXISTS (SELECT FROM declines
                  WHERE declines.order_id = picked.order_id AND declines.courier_id = picked.courier_id
                    AND declines.declined_at > $9)
RETURNING orders.order_id, orders.assignment_event_id, orders.assigned_at, orders.traceparent, locked.since
