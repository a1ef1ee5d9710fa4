-- hold_orders: Orders as they stand; nobody changes them until the transaction ends. In one order, so that two transactions never wait
-- for each other. $1 order ids.
SELECT order_id, zone, priority, added_at, status, courier_id, assigned_at, latest_at, traceparent
FROM orders
WHERE order_id = ANY ($1)
ORDER BY order_id
FOR UPDATE
