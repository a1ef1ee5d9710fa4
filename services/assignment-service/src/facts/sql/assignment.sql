-- assignment: The decision about an order whose AddOrder was heard of. $1 order id.
SELECT order_id, zone, status, courier_id, assigned_at, score FROM orders WHERE order_id = $1 AND zone IS NOT NULL
