-- Records from whom which order was taken, if that is newer than what is recorded. An order that is not known gets a
-- row without details. $1 order ids, $2 courier ids, $3 when it was decided, $4 event ids (arrays of one length).
INSERT INTO orders AS known (order_id, taken_from, taken_at, taken_event)
SELECT DISTINCT ON (order_id) order_id, courier_id, decided_at, event_id
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[]) AS news (order_id, courier_id, decided_at, event_id)
ORDER BY order_id, decided_at DESC, event_id DESC
ON CONFLICT (order_id) DO UPDATE
SET taken_from = excluded.taken_from, taken_at = excluded.taken_at, taken_event = excluded.taken_event
WHERE known.taken_at IS NULL OR (known.taken_at, known.taken_event) < (excluded.taken_at, excluded.taken_event)
