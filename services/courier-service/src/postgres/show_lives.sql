-- show_lives: Shows where orders are in their lives. The orders are locked.
-- $1 order ids, $2 statuses, $3 courier ids or NULLs, $4 zones or NULLs, $5 since when they have it or NULLs (arrays of
-- one length).
UPDATE pairs
SET status = life.status, courier_id = life.courier_id, zone = life.zone, assigned_at = life.assigned_at
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[])
    AS life (order_id, status, courier_id, zone, assigned_at)
WHERE pairs.order_id = life.order_id
  AND (pairs.status, pairs.courier_id, pairs.zone, pairs.assigned_at)
      IS DISTINCT FROM (life.status, life.courier_id, life.zone, life.assigned_at)
