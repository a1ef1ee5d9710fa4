-- stints: The latest times that orders were with a courier, those that last first, then the latest, and how each ended. What somebody else is
-- said to have delivered has not ended it. $1 courier id, $2 how many at most.
WITH shown AS (
    (SELECT order_id, event_id, happenings.occurred_at
     FROM orders
     JOIN happenings USING (order_id)
     WHERE orders.courier_id = $1 AND orders.status IN ('assigned', 'picked_up')
       AND happenings.courier_id = $1 AND type = 'OrderAssigned' AND event_id = orders.assignment_event_id
     ORDER BY orders.assigned_at DESC
     LIMIT $2)
    UNION
    (SELECT order_id, event_id, occurred_at
     FROM happenings
     WHERE courier_id = $1 AND type = 'OrderAssigned'
     ORDER BY occurred_at DESC
     LIMIT $2)
)
SELECT shown.order_id, shown.occurred_at AS since, ended.occurred_at AS until, ended.type AS ended_by, orders.status
FROM shown
JOIN orders USING (order_id)
LEFT JOIN LATERAL (
    SELECT type, occurred_at
    FROM happenings AS later
    WHERE later.order_id = shown.order_id AND later.occurred_at >= shown.occurred_at AND later.event_id <> shown.event_id
      AND (later.type IN ('OrderAssigned', 'OrderUnassigned', 'OrderCancelled')
           OR (later.type = 'OrderDelivered' AND coalesce(later.courier_id, $1) = $1))
    ORDER BY occurred_at
    LIMIT 1
) AS ended ON true
ORDER BY ended.type IS NOT NULL, shown.occurred_at DESC
LIMIT $2
