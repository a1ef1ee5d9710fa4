-- zone_waiting_orders: The line of a zone. $1 zone.
SELECT order_id, priority, added_at FROM orders WHERE zone = $1 AND status = 'pending'
