-- zone_couriers: All couriers of a zone, who has waited longest for an order first. Assignments of one batch share their time; their event
-- ids are of version 7, so these tell who of them was chosen first. $1 zone.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, revision, former_zone, theirs.open, theirs.carried
FROM couriers
CROSS JOIN LATERAL (
    SELECT count(*) AS open, count(*) FILTER (WHERE orders.zone <> couriers.zone) AS carried
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
ORDER BY coalesce(latest.assigned_at, first_seen_at), latest.assignment_event_id, couriers.courier_id
