-- changes_of_orders: All that is known to have happened to some orders. $1 order ids.
SELECT order_id, event_id, type, courier_id, zone, at FROM pair_changes WHERE order_id = ANY ($1)
