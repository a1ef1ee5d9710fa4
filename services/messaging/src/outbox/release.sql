-- Gives rows back that could not be published. $1 event ids, $2 seconds until the next attempt.
UPDATE outbox SET leased_until = now() + make_interval(secs => $2) WHERE event_id = ANY ($1)
