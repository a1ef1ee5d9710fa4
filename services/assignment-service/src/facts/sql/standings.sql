-- How orders stand. $1 order ids.
SELECT order_id, zone, priority, added_at, status, courier_id FROM orders WHERE order_id = ANY ($1)
