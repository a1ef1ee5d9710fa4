-- Takes over news of couriers that is newer than what is known. Arrays of one length: $1 couriers, $2 zones,
-- $3 available, $4 capacities, $5 version times, $6 version event ids.
UPDATE couriers
SET former_zone = CASE
        -- A row without news was in no zone yet.
        WHEN couriers.version_at = '-infinity' THEN NULL
        WHEN couriers.zone <> news.zone THEN couriers.zone
        ELSE couriers.former_zone
    END,
    zone = news.zone, is_available = news.is_available, capacity = news.capacity,
    version_at = news.version_at, version_event_id = news.version_event_id
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::integer[], $5::timestamptz[], $6::uuid[])
    AS news (courier_id, zone, is_available, capacity, version_at, version_event_id)
WHERE couriers.courier_id = news.courier_id
  AND (couriers.version_at, couriers.version_event_id) < (news.version_at, news.version_event_id)
