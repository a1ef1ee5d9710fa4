-- record_couriers: Records news of couriers that is newer than what is known; the newest wins also within the batch. Rows are taken in
-- the order of their ids, so that two batches never wait for each other in a circle.
-- $1 courier ids, $2 names, $3 zones, $4 whether available, $5 capacities or NULLs, $6 when it happened, $7 event ids
-- (arrays of one length).
INSERT INTO couriers AS known (courier_id, name, zone, is_available, capacity, version_at, version_event)
SELECT DISTINCT ON (courier_id) courier_id, name, zone, is_available, capacity, version_at, version_event
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::integer[], $6::timestamptz[], $7::uuid[])
    AS news (courier_id, name, zone, is_available, capacity, version_at, version_event)
ORDER BY courier_id, version_at DESC, version_event DESC
ON CONFLICT (courier_id) DO UPDATE
SET name          = excluded.name,
    zone          = excluded.zone,
    is_available  = excluded.is_available,
    capacity      = excluded.capacity,
    version_at    = excluded.version_at,
    version_event = excluded.version_event
WHERE (known.version_at, known.version_event) < (excluded.version_at, excluded.version_event)
