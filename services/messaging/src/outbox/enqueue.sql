-- enqueue: Adds events to the outbox. $1 topic ARN (where they would go then; the relay asks its own settings), $2 event ids, $3 types, $4 payloads, $5 traceparents, $6 when what caused them
-- happened (arrays of one length).
INSERT INTO outbox (topic_arn, event_id, event_type, payload, traceparent, caused_at)
SELECT $1, event_id, event_type, payload, traceparent, caused_at
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    AS event (event_id, event_type, payload, traceparent, caused_at)
ON CONFLICT (event_id) DO NOTHING
