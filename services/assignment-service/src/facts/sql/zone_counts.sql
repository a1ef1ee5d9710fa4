-- zone_counts: A zone that was heard of, with its counts. $1 zone.
SELECT zone,
       (SELECT count(*) FROM couriers WHERE couriers.zone = zones.zone AND is_available) AS available_couriers,
       (SELECT count(*) FROM orders WHERE orders.zone = zones.zone AND status = 'pending') AS waiting_orders,
       (SELECT count(*) FROM orders WHERE orders.zone = zones.zone AND status IN ('assigned', 'picked_up'))
           AS open_orders
FROM zones
WHERE zone = $1
