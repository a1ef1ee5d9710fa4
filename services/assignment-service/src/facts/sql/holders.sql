-- holders: Who has these orders. $1 order ids.
SELECT DISTINCT courier_id FROM orders WHERE order_id = ANY ($1) AND status IN ('assigned', 'picked_up')
