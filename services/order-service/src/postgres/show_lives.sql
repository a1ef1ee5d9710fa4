-- show_lives: Shows where orders are in their lives. The orders are locked.
-- $1 order ids, $2 statuses, $3 courier ids or NULLs, $4 since when they have it or NULLs (arrays of one length).
UPDATE orders
SET status = life.status, courier_id = life.courier_id, assigned_at = life.assigned_at
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[]) AS life (order_id, status, courier_id, assigned_at)
WHERE orders.order_id = life.order_id
  AND (orders.status, orders.courier_id, orders.assigned_at)
      IS DISTINCT FROM (life.status, life.courier_id, life.assigned_at)
