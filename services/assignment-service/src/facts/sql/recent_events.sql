-- recent_events: The newest lines of the log, the newest first. $1 order id or NULL, $2 courier id or NULL, $3 zone or NULL (a step that names
-- none is of the zone of its order), $4 type or NULL, $5 after this number, $6 up to this number, $7 how many at most.
SELECT seq, event_id, type, order_id, courier_id, zone, payload, source_message_id, inputs, recorded_by, occurred_at, recorded_at
FROM event_log
WHERE ($1::uuid IS NULL OR order_id = $1) AND ($2::uuid IS NULL OR courier_id = $2)
  AND ($3::text IS NULL
       OR coalesce(zone, (SELECT orders.zone FROM orders WHERE orders.order_id = event_log.order_id)) = $3)
  AND ($4::text IS NULL OR type = $4) AND seq > $5 AND seq <= $6
ORDER BY seq DESC
LIMIT $7
