-- worst_zones: A page of the zones, the worst first: the most orders waiting, then the longest wait, then the name; each with its couriers
-- and how unevenly the orders are spread over those who are available. $1 how many to pass over, $2 how many at most.
WITH shown AS (
    SELECT zones.zone, coalesce(waiting.orders, 0) AS waiting_orders, waiting.since AS waiting_since
    FROM zones
    LEFT JOIN (
        SELECT zone, count(*) AS orders, min(coalesce(latest_at, first_seen_at)) AS since
        FROM orders
        WHERE status = 'pending'
        GROUP BY zone
    ) AS waiting USING (zone)
    ORDER BY waiting_orders DESC, waiting_since, zones.zone
    OFFSET $1
    LIMIT $2
), open AS (
    SELECT zone, count(*) AS orders
    FROM orders
    WHERE status IN ('assigned', 'picked_up') AND zone IN (SELECT zone FROM shown)
    GROUP BY zone
), loads AS (
    SELECT couriers.zone, couriers.is_available, count(orders.order_id) AS open_orders
    FROM couriers
    LEFT JOIN orders ON orders.courier_id = couriers.courier_id AND orders.status IN ('assigned', 'picked_up')
    WHERE couriers.zone IN (SELECT zone FROM shown)
    GROUP BY couriers.courier_id
)
SELECT shown.zone, shown.waiting_orders, shown.waiting_since,
       count(loads.zone) AS couriers,
       count(*) FILTER (WHERE loads.is_available) AS available_couriers,
       coalesce(open.orders, 0) AS open_orders,
       min(loads.open_orders) FILTER (WHERE loads.is_available) AS least_open,
       max(loads.open_orders) FILTER (WHERE loads.is_available) AS most_open
FROM shown
LEFT JOIN open USING (zone)
LEFT JOIN loads USING (zone)
GROUP BY shown.zone, shown.waiting_orders, shown.waiting_since, open.orders
ORDER BY shown.waiting_orders DESC, shown.waiting_since, shown.zone
