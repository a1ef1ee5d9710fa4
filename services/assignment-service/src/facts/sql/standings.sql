-- standings: How orders stand, and while they wait, who declined them. $1 order ids.
SELECT order_id, zone, priority, added_at, status, courier_id, declines.couriers, declines.times
FROM orders
LEFT JOIN LATERAL (
    SELECT array_agg(declines.courier_id) AS couriers, array_agg(declined_at) AS times
    FROM declines
    WHERE declines.order_id = orders.order_id
) AS declines ON status = 'pending'
WHERE order_id = ANY ($1)
