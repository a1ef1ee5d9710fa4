-- Leases the oldest rows that nobody publishes now. $1 how many at most, $2 lease in seconds.
UPDATE outbox
SET leased_until = now() + make_interval(secs => $2),
    attempts = attempts + 1
WHERE event_id IN (
    SELECT event_id FROM outbox
    WHERE leased_until <= now()
    ORDER BY seq
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
RETURNING event_id, topic_arn, event_type, payload, traceparent, attempts
