-- published: Forgets rows that SNS has. $1 event ids.
DELETE FROM outbox WHERE event_id = ANY ($1)
