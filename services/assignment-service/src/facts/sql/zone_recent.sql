-- The latest assignments to couriers of a zone, the oldest first. $1 zone, $2 how many of each courier at most, $3 since when.
SELECT couriers.courier_id, latest.occurred_at
FROM couriers
CROSS JOIN LATERAL (
    SELECT occurred_at, seq FROM event_log
    WHERE event_log.courier_id = couriers.courier_id AND type = 'OrderAssigned' AND occurred_at > $3
      AND source_message_id IS NULL
    ORDER BY seq DESC
    LIMIT $2
) AS latest
WHERE couriers.zone = $1
ORDER BY latest.seq
