-- get_orders: Orders whose details are known, by their ids. $1 order ids.
SELECT order_id, details, zone, status, priority, added_at, courier_id, assigned_at
FROM orders
WHERE order_id = ANY ($1) AND added_at IS NOT NULL
