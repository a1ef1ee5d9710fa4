-- Adds events to the outbox. $1 topic ARN, $2 event ids, $3 types, $4 payloads, $5 traceparents (arrays of one length).
INSERT INTO outbox (topic_arn, event_id, event_type, payload, traceparent)
SELECT $1, event_id, event_type, payload, traceparent
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS event (event_id, event_type, payload, traceparent)
ON CONFLICT (event_id) DO NOTHING
