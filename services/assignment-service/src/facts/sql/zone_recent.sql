-- zone_recent: The latest assignments in a zone to couriers who are of it, the oldest first. $1 zone, $2 how many of each courier at most,
-- $3 since when, $4 now: what is dated ahead has no place in a window, and would keep its courier from any order until then.
SELECT couriers.courier_id, latest.occurred_at
FROM couriers
CROSS JOIN LATERAL (
    SELECT occurred_at
    FROM happenings
    JOIN orders USING (order_id)
    WHERE happenings.courier_id = couriers.courier_id AND type = 'OrderAssigned' AND occurred_at > $3
      AND occurred_at <= $4
      AND orders.zone = couriers.zone
    ORDER BY occurred_at DESC
    LIMIT $2
) AS latest
WHERE couriers.zone = $1
ORDER BY latest.occurred_at
