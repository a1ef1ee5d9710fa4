-- The decision about an order; while it waits, its place in line and who of the zone could take it. $1 order id.
SELECT asked.order_id, asked.zone, asked.priority, asked.added_at, asked.status, asked.courier_id, asked.assigned_at,
       asked.score, asked.runner_up, asked.candidates, line.place, able.available, able.full_up
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
           count(*) FILTER (WHERE capacity <= (
               SELECT count(*) FROM orders
               WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
           )) AS full_up
    FROM couriers
    WHERE couriers.zone = asked.zone AND couriers.is_available
) AS able ON asked.status = 'pending'
WHERE asked.order_id = $1
