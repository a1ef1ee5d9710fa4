-- zone_line: The front of a zone's line. $1 zone, $2 how many at most.
SELECT order_id, zone, priority, added_at, status, courier_id, declines.couriers, declines.times
FROM orders
LEFT JOIN LATERAL (
    SELECT array_agg(declines.courier_id) AS couriers, array_agg(declined_at) AS times
    FROM declines
    WHERE declines.order_id = orders.order_id
) AS declines ON true
WHERE zone = $1 AND status = 'pending'
ORDER BY priority DESC, added_at, order_id
LIMIT $2
