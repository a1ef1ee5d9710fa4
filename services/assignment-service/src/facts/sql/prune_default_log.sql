-- prune_default_log: Deletes lines that are too old from the table that is never dropped. $1 before, $2 how many at most.
DELETE FROM event_log_default
WHERE ctid = ANY (ARRAY(SELECT ctid FROM event_log_default WHERE recorded_at < $1 LIMIT $2))
