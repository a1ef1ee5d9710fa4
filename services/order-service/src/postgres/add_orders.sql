-- add_orders: Adds orders, or the details of those of which only other news was known; those with details stay as they are. The
-- first one with an id wins, also within the batch.
-- $1 order ids, $2 details, $3 zones, $4 priorities, $5 added at (arrays of one length).
INSERT INTO orders AS known (order_id, details, zone, priority, added_at)
SELECT DISTINCT ON (order_id) order_id, details, zone, priority, added_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[]) WITH ORDINALITY
    AS news (order_id, details, zone, priority, added_at, place)
ORDER BY order_id, place
ON CONFLICT (order_id) DO UPDATE
SET details = excluded.details, zone = excluded.zone, priority = excluded.priority, added_at = excluded.added_at
WHERE known.added_at IS NULL
