-- couriers: Couriers as they are, with their open orders and those of them that they carry from other zones. $1 courier ids.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, revision, former_zone, theirs.open, theirs.carried
FROM couriers
CROSS JOIN LATERAL (
    SELECT count(*) AS open, count(*) FILTER (WHERE orders.zone <> couriers.zone) AS carried
    FROM orders
    WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
) AS theirs
WHERE couriers.courier_id = ANY ($1)
