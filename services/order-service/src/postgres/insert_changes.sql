-- insert_changes: Adds changes, and answers which of them are new. The orders are locked.
-- $1 order ids, $2 event ids, $3 types, $4 courier ids or NULLs, $5 when it happened, $6 causes or NULLs, $7 sources
-- (arrays of one length).
INSERT INTO order_changes (order_id, event_id, type, courier_id, at, cause, source)
SELECT *
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[])
ON CONFLICT (order_id, event_id) DO NOTHING
RETURNING order_id, event_id
