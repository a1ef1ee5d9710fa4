-- register_courier: Adds a courier or changes one, as the newest news of them: later than what is known even when the clock that gave $6
-- is behind. $1 courier id, $2 name, $3 zone, $4 whether available or NULL (new: yes, else unchanged), $5 capacity or
-- NULL (no limit), $6 now, $7 event id. A row that this statement inserted, and did not update, has xmax 0.
INSERT INTO couriers AS known (courier_id, name, zone, is_available, capacity, version_at, version_event)
VALUES ($1, $2, $3, coalesce($4, true), $5, $6, $7)
ON CONFLICT (courier_id) DO UPDATE
SET name          = excluded.name,
    zone          = excluded.zone,
    is_available  = coalesce($4, known.is_available),
    capacity      = excluded.capacity,
    version_at    = greatest(excluded.version_at, known.version_at + interval '1 microsecond'),
    version_event = excluded.version_event
RETURNING courier_id, name, zone, is_available, capacity, version_at, xmax = 0 AS is_new
