-- The latest assignments in a zone to couriers who are of it, the oldest first. $1 zone, $2 how many of each courier at most,
-- $3 since when.
SELECT couriers.courier_id, latest.occurred_at
FROM couriers
CROSS JOIN LATERAL (
    SELECT occurred_at FROM event_log
    WHERE event_log.courier_id = couriers.courier_id AND event_log.zone = couriers.zone
      AND type = 'OrderAssigned' AND source_message_id IS NULL AND occurred_at > $3
    ORDER BY occurred_at DESC
    LIMIT $2
) AS latest
WHERE couriers.zone = $1
ORDER BY latest.occurred_at
