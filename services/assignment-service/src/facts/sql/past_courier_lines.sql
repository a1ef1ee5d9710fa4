-- past_courier_lines: The log's news of couriers. $1 courier ids.
SELECT courier_id AS about, event_id, type, courier_id, payload, inputs, occurred_at
FROM event_log
WHERE courier_id = ANY ($1) AND type = 'AddCourier'
ORDER BY seq
