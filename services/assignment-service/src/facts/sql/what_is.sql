-- what_is: What an id is of: an order, a courier, or an event that was heard of lately, which stands for what it is about. $1 the id.
SELECT kind, id
FROM (
    SELECT 1 AS rank, 'orders' AS kind, order_id AS id FROM orders WHERE order_id = $1
    UNION ALL
    SELECT 2, 'couriers', courier_id FROM couriers WHERE courier_id = $1
    UNION ALL
    SELECT 3, CASE WHEN couriers.courier_id IS NULL THEN 'orders' ELSE 'couriers' END, about
    FROM heard_events
    LEFT JOIN couriers ON couriers.courier_id = about
    WHERE event_id = $1
    UNION ALL
    SELECT 4, 'orders', order_id FROM event_log WHERE order_id = $1
    UNION ALL
    -- What was decided is not heard of, and no index leads to it: it is looked for among the newest lines.
    SELECT 5, 'orders', order_id
    FROM event_log
    WHERE event_id = $1 AND order_id IS NOT NULL AND seq > (SELECT max(seq) FROM event_log) - 20000
) AS found
ORDER BY rank
LIMIT 1
