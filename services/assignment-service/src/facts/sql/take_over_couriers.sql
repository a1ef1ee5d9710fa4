-- take_over_couriers: Takes over news of couriers that is newer than what is known. Arrays of one length: $1 couriers, $2 zones,
-- $3 available, $4 capacities, $5 version times, $6 version event ids. $7 now: since when those who leave are gone.
INSERT INTO couriers AS known (courier_id, zone, is_available, capacity, version_at, version_event_id, left_at)
SELECT courier_id, zone, is_available, capacity, version_at, version_event_id,
       CASE WHEN NOT is_available THEN $7::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::integer[], $5::timestamptz[], $6::uuid[])
    AS news (courier_id, zone, is_available, capacity, version_at, version_event_id)
ORDER BY courier_id
ON CONFLICT (courier_id) DO UPDATE
SET former_zone      = CASE WHEN known.zone <> excluded.zone THEN known.zone ELSE known.former_zone END,
    zone             = excluded.zone,
    is_available     = excluded.is_available,
    capacity         = excluded.capacity,
    version_at       = excluded.version_at,
    version_event_id = excluded.version_event_id,
    left_at          = CASE WHEN NOT excluded.is_available THEN coalesce(known.left_at, excluded.left_at) END,
    revision         = known.revision + 1
WHERE (known.version_at, known.version_event_id) < (excluded.version_at, excluded.version_event_id)
