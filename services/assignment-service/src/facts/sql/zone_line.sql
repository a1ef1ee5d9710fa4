-- The front of a zone's line. $1 zone, $2 how many at most.
SELECT order_id, priority, added_at
FROM orders
WHERE zone = $1 AND status = 'pending'
ORDER BY priority DESC, added_at, order_id
LIMIT $2
