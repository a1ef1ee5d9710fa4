-- Couriers as they are, with the open orders that they carry from other zones. $1 courier ids.
SELECT couriers.courier_id, couriers.zone, is_available, capacity, version_at, version_event_id, former_zone,
       (SELECT count(*) FROM orders
        WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
          AND orders.zone <> couriers.zone) AS carried
FROM couriers
WHERE couriers.courier_id = ANY ($1)
