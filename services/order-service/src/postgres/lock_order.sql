-- lock_order: An order whose details are known, locked until the end of the transaction. $1 order id.
SELECT order_id, details, zone, status, priority, added_at, courier_id, assigned_at
FROM orders
WHERE order_id = $1 AND added_at IS NOT NULL
FOR UPDATE
