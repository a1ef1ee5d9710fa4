-- stints: The latest times that orders were with a courier, the latest first, and how each ended. $1 courier id, $2 how many at most.
SELECT mine.order_id, mine.occurred_at AS since, ended.occurred_at AS until, ended.type AS ended_by,
       orders.status, orders.courier_id IS NOT DISTINCT FROM $1 AS is_theirs
FROM happenings AS mine
JOIN orders USING (order_id)
LEFT JOIN LATERAL (
    SELECT type, occurred_at
    FROM happenings AS later
    WHERE later.order_id = mine.order_id AND later.occurred_at >= mine.occurred_at AND later.event_id <> mine.event_id
      AND later.type IN ('OrderAssigned', 'OrderUnassigned', 'OrderDelivered', 'OrderCancelled')
    ORDER BY occurred_at
    LIMIT 1
) AS ended ON true
WHERE mine.courier_id = $1 AND mine.type = 'OrderAssigned'
ORDER BY mine.occurred_at DESC
LIMIT $2
