-- Appends to the event log; an event that is there stays as it is. Answers which are new. Arrays of one length:
-- $1 event ids, $2 types, $3 orders, $4 couriers, $5 zones, $6 payloads, $7 message ids, $8 times.
INSERT INTO event_log (event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at)
SELECT event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[])
    AS event (event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at)
ORDER BY event_id, order_id
ON CONFLICT DO NOTHING
RETURNING event_id, order_id
