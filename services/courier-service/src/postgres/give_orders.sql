-- Records who got which order, if that is newer than what is recorded.
-- $1 order ids, $2 courier ids, $3 zones, $4 when it was decided, $5 event ids (arrays of one length).
INSERT INTO pairs AS known (order_id, given_to, zone, given_at, given_event)
SELECT DISTINCT ON (order_id) order_id, courier_id, zone, decided_at, event_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[])
    AS news (order_id, courier_id, zone, decided_at, event_id)
ORDER BY order_id, decided_at DESC, event_id DESC
ON CONFLICT (order_id) DO UPDATE
SET given_to = excluded.given_to, zone = excluded.zone, given_at = excluded.given_at, given_event = excluded.given_event
WHERE known.given_at IS NULL OR (known.given_at, known.given_event) < (excluded.given_at, excluded.given_event)
