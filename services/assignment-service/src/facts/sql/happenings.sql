-- happenings: What has happened to orders. $1 order ids.
SELECT order_id, event_id, type, courier_id, occurred_at FROM happenings WHERE order_id = ANY ($1)
