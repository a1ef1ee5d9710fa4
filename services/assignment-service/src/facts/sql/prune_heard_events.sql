-- prune_heard_events: Forgets events that were heard of long ago. $1 before, $2 how many at most.
DELETE FROM heard_events
WHERE ctid = ANY (ARRAY(SELECT ctid FROM heard_events WHERE heard_at < $1 LIMIT $2))
