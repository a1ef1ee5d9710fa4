-- past_orders: The next orders, by their ids, that are stored or that the log has lines about, each as it is stored: an id without a row has
-- no status. $1 from this id on, $2 how many at most.
SELECT order_id, zone, priority, added_at, status, courier_id, assigned_at, assignment_event_id, latest_at, score, runner_up,
       candidates, cause, first_seen_at,
       (SELECT array_agg(declines.courier_id) FROM declines WHERE declines.order_id = known.order_id) AS declined_by,
       zone IS NULL OR EXISTS (SELECT FROM zones WHERE zones.zone = orders.zone) AS is_zone_known
FROM (
    SELECT order_id
    FROM (
        (SELECT order_id FROM orders WHERE order_id >= $1 ORDER BY order_id LIMIT $2)
        UNION
        (SELECT DISTINCT order_id FROM event_log WHERE order_id >= $1 ORDER BY order_id LIMIT $2)
    ) AS either
    ORDER BY order_id
    LIMIT $2
) AS known
LEFT JOIN orders USING (order_id)
ORDER BY order_id
