-- pair_of_order: Who has an order, or had it at its end; no row while nobody does. $1 order id.
SELECT order_id, courier_id, zone, assigned_at, status FROM pairs WHERE order_id = $1 AND courier_id IS NOT NULL
