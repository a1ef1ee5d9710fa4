-- insert_changes: Adds changes, and answers which of them are new. The orders are locked.
-- $1 order ids, $2 event ids, $3 types, $4 courier ids or NULLs, $5 zones or NULLs, $6 when it happened (arrays of one
-- length).
INSERT INTO pair_changes (order_id, event_id, type, courier_id, zone, at)
SELECT *
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[])
ON CONFLICT (order_id, event_id) DO NOTHING
RETURNING order_id, event_id
