-- Makes a row for couriers not heard of yet, older than all news. Waits for whoever makes the same one now.
-- $1 couriers, $2 zones, $3 an event id for the row (arrays of one length).
INSERT INTO couriers (courier_id, zone, is_available, version_at, version_event_id)
SELECT courier_id, zone, false, '-infinity', event_id
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS new (courier_id, zone, event_id)
ORDER BY courier_id
ON CONFLICT (courier_id) DO NOTHING
