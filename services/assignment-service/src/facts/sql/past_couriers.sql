-- past_couriers: The next couriers, by their ids, that are stored or that the log has news of, each as they are stored: an id without a row has
-- no zone. $1 from this id on, $2 how many at most.
SELECT courier_id, zone, is_available, capacity, version_at, version_event_id, first_seen_at,
       zone IS NULL OR EXISTS (SELECT FROM zones WHERE zones.zone = couriers.zone) AS is_zone_known
FROM (
    SELECT courier_id
    FROM (
        (SELECT courier_id FROM couriers WHERE courier_id >= $1 ORDER BY courier_id LIMIT $2)
        UNION
        (SELECT DISTINCT courier_id FROM event_log WHERE courier_id >= $1 ORDER BY courier_id LIMIT $2)
    ) AS either
    ORDER BY courier_id
    LIMIT $2
) AS known
LEFT JOIN couriers USING (courier_id)
ORDER BY courier_id
