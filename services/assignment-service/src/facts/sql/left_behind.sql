-- left_behind: Orders that are with couriers who left some time ago, and not picked up. $1 left before, $2 of these orders only, or
-- NULL, $3 how many at most.
SELECT orders.order_id, couriers.courier_id
FROM couriers
JOIN orders ON orders.courier_id = couriers.courier_id AND orders.status = 'assigned'
WHERE couriers.left_at <= $1
  -- Whoever was given it by hand while they were away keeps it.
  AND (orders.cause IS DISTINCT FROM 'manual' OR orders.assigned_at < couriers.left_at)
  AND ($2::uuid[] IS NULL OR orders.order_id = ANY ($2))
ORDER BY couriers.left_at
LIMIT $3
