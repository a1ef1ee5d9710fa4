-- courier_load: A courier and how many orders are theirs. $1 courier id.
SELECT courier_id, zone, is_available, capacity,
       (SELECT count(*) FROM orders
        WHERE orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')) AS open_orders
FROM couriers
WHERE courier_id = $1
