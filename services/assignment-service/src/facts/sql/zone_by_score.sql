-- zone_by_score: Couriers of a zone: who takes orders first, then by open orders, then who has waited longest. $1 zone, $2 how many at most, $3
-- how many to pass over.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, count(orders.order_id) AS open_orders
FROM couriers
LEFT JOIN orders ON orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
WHERE couriers.zone = $1
GROUP BY couriers.courier_id
ORDER BY is_available DESC, open_orders, max(orders.assigned_at) NULLS FIRST, couriers.courier_id
LIMIT $2
OFFSET $3
