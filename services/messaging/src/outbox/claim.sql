-- claim: Locks the oldest rows that are due and that nobody publishes now. $1 how many at most.
SELECT event_id, event_type, payload, traceparent, caused_at, attempts
FROM outbox
WHERE due_at <= now()
ORDER BY seq
LIMIT $1
FOR UPDATE SKIP LOCKED
