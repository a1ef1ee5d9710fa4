-- insert_order: Adds an order, or the details of one of which only other news was known; no row if its details are there already.
-- $1 order id, $2 details, $3 zone, $4 priority, $5 added at.
INSERT INTO orders AS known (order_id, details, zone, priority, added_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (order_id) DO UPDATE
SET details = excluded.details, zone = excluded.zone, priority = excluded.priority, added_at = excluded.added_at
WHERE known.added_at IS NULL
RETURNING order_id, details, zone, status, priority, added_at, courier_id, assigned_at
