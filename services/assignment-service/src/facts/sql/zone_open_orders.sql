-- zone_open_orders: Who has which order of a zone. $1 zone.
SELECT order_id, courier_id FROM orders WHERE zone = $1 AND status IN ('assigned', 'picked_up')
