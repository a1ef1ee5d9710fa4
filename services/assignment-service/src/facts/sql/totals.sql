-- totals: How much there is of everything, and since when the oldest order waits.
SELECT (SELECT count(*) FROM zones) AS zones,
       (SELECT count(*) FROM couriers WHERE is_available) AS available_couriers,
       (SELECT count(*) FROM orders WHERE status IN ('assigned', 'picked_up')) AS open_orders,
       waiting.orders AS waiting_orders, waiting.since AS waiting_since
FROM (
    SELECT count(*) AS orders, min(coalesce(latest_at, first_seen_at)) AS since
    FROM orders
    WHERE status = 'pending' AND zone IS NOT NULL
) AS waiting
