-- put_off: Puts off rows that SNS did not take, from now on: the transaction is as old as the attempt. $1 event ids, $2 seconds until the next attempt (arrays of one length).
UPDATE outbox
SET due_at = clock_timestamp() + make_interval(secs => pause), attempts = attempts + 1
FROM unnest($1::uuid[], $2::double precision[]) AS failed (event_id, pause)
WHERE outbox.event_id = failed.event_id
