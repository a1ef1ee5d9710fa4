-- list_zones: A page of the zones that were heard of, by name, each with its counts. $1 after this zone, $2 how many at most.
SELECT zone,
       (SELECT count(*) FROM couriers WHERE couriers.zone = zones.zone AND is_available) AS available_couriers,
       (SELECT count(*) FROM orders WHERE orders.zone = zones.zone AND status = 'pending') AS waiting_orders,
       (SELECT count(*) FROM orders WHERE orders.zone = zones.zone AND status IN ('assigned', 'picked_up'))
           AS open_orders
FROM zones
WHERE zone > $1
ORDER BY zone
LIMIT $2
