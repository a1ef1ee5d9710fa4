-- zone_by_score: Couriers of a zone: who takes orders first, then by open orders, then who has waited longest for one (as zone_couriers has
-- it). $1 zone, $2 how many at most, $3 how many to pass over.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, theirs.open_orders
FROM couriers
CROSS JOIN LATERAL (
    SELECT count(*) AS open_orders
    FROM orders
    WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
) AS theirs
LEFT JOIN LATERAL (
    SELECT assigned_at, assignment_event_id FROM orders
    WHERE orders.courier_id = couriers.courier_id
    ORDER BY assigned_at DESC, assignment_event_id DESC
    LIMIT 1
) AS latest ON true
WHERE couriers.zone = $1
ORDER BY is_available DESC, theirs.open_orders, coalesce(latest.assigned_at, first_seen_at), latest.assignment_event_id,
         couriers.courier_id
LIMIT $2
OFFSET $3
