-- list_orders: A page of orders, newest first. $1 zone or NULL, $2 status or NULL, $3 and $4 where the page before ended (added at,
-- order id) or NULL, $5 how many at most. For each combination of filters there is an index in this order.
SELECT order_id, details, zone, status, priority, added_at, courier_id, assigned_at
FROM orders
WHERE added_at IS NOT NULL
  AND ($1::text IS NULL OR zone = $1)
  AND ($2::text IS NULL OR status = $2)
  AND ($3::timestamptz IS NULL OR (added_at, order_id) < ($3, $4::uuid))
ORDER BY added_at DESC, order_id DESC
LIMIT $5
