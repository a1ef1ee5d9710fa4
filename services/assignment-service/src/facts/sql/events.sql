-- events: A page of the event log, oldest first. $1 order id or NULL, $2 courier id or NULL, $3 after this number, $4 up to this
-- number, $5 how many at most.
SELECT seq, event_id, type, order_id, courier_id, zone, payload, source_message_id, inputs, recorded_by, occurred_at, recorded_at
FROM event_log
WHERE ($1::uuid IS NULL OR order_id = $1) AND ($2::uuid IS NULL OR courier_id = $2) AND seq > $3 AND seq <= $4
ORDER BY seq
LIMIT $5
