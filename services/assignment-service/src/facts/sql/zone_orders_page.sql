-- zone_orders_page: A page of a zone's orders that wait or are with somebody, and who declined those that wait. $1 zone, $2 after this order or
-- NULL, $3 how many at most.
SELECT order_id, zone, priority, added_at, status, courier_id, declines.couriers, declines.times
FROM orders
LEFT JOIN LATERAL (
    SELECT array_agg(declines.courier_id) AS couriers, array_agg(declined_at) AS times
    FROM declines
    WHERE declines.order_id = orders.order_id
) AS declines ON status = 'pending'
WHERE zone = $1 AND status IN ('pending', 'assigned', 'picked_up') AND ($2::uuid IS NULL OR order_id > $2)
ORDER BY order_id
LIMIT $3
