-- pairs_of_courier: A page of a courier's orders, latest assignment first. $1 courier id, $2 status or NULL, $3 and $4 where the page
-- before ended (assigned at, order id) or NULL, $5 how many at most.
SELECT order_id, courier_id, zone, assigned_at, status
FROM pairs
WHERE courier_id = $1
  AND ($2::text IS NULL OR status = $2)
  AND ($3::timestamptz IS NULL OR (assigned_at, order_id) < ($3, $4::uuid))
ORDER BY assigned_at DESC, order_id DESC
LIMIT $5
