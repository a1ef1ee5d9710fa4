-- All couriers of a zone, who has waited longest for an order first. $1 zone.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, version_at, version_event_id, former_zone,
       (SELECT count(*) FROM orders
        WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
          AND orders.zone <> couriers.zone) AS carried
FROM couriers
WHERE couriers.zone = $1
ORDER BY coalesce((SELECT max(assigned_at) FROM orders WHERE orders.courier_id = couriers.courier_id
                   AND assigned_at IS NOT NULL), first_seen_at),
         couriers.courier_id
