-- The couriers that were chosen, as they are now, and nobody may change them before this transaction ends: a courier
-- who moves or leaves at this moment either is seen here, or waits and then sees the assignment. $1 courier ids.
SELECT courier_id, zone, is_available, capacity, version_at, version_event_id, former_zone
FROM couriers
WHERE courier_id = ANY ($1)
ORDER BY courier_id
FOR SHARE
