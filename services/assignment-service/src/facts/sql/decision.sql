-- decision: The decision about an order; while it waits, its place in line and who of the zone could take it. $1 order id, $2 since when
-- a decline counts, $3 most assignments in a window or NULL, $4 since when they count, $5 now: until when.
SELECT asked.order_id, asked.zone, asked.priority, asked.added_at, asked.status, asked.courier_id, asked.assigned_at,
       asked.cause, asked.score, asked.runner_up, asked.candidates, line.place, able.available, able.full_up,
       able.declined, able.resting
FROM orders AS asked
LEFT JOIN LATERAL (
    SELECT count(*) AS place
    FROM orders AS before
    WHERE before.zone = asked.zone AND before.status = 'pending'
      AND (before.priority > asked.priority
           OR (before.priority = asked.priority
               AND (before.added_at, before.order_id) <= (asked.added_at, asked.order_id)))
) AS line ON asked.status = 'pending'
LEFT JOIN LATERAL (
    SELECT count(*) AS available,
           count(*) FILTER (WHERE is_full) AS full_up,
           count(*) FILTER (WHERE NOT is_full AND has_declined) AS declined,
           count(*) FILTER (WHERE NOT is_full AND NOT has_declined AND recent >= $3) AS resting
    FROM (
        SELECT coalesce(capacity <= (
                   SELECT count(*) FROM orders
                   WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
               ), false) AS is_full,
               EXISTS (SELECT FROM declines
                       WHERE declines.order_id = asked.order_id AND declines.courier_id = couriers.courier_id
                         AND declined_at > $2) AS has_declined,
               CASE WHEN $3::bigint IS NOT NULL THEN (
                   SELECT count(*)
                   FROM happenings
                   JOIN orders USING (order_id)
                   WHERE happenings.courier_id = couriers.courier_id AND type = 'OrderAssigned'
                     AND occurred_at > $4::timestamptz AND occurred_at <= $5::timestamptz AND orders.zone = couriers.zone
               ) END AS recent
        FROM couriers
        WHERE couriers.zone = asked.zone AND couriers.is_available
    ) AS here
) AS able ON asked.status = 'pending'
WHERE asked.order_id = $1 AND asked.zone IS NOT NULL
