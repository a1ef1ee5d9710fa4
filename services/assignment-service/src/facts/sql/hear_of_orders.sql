-- hear_of_orders: Makes a row for each order that was not heard of, whose AddOrder is still to come; and locks the others: all in one order, so
-- that two transactions never wait for each other. $1 order ids.
INSERT INTO orders (order_id, status)
SELECT DISTINCT order_id, 'pending' FROM unnest($1::uuid[]) AS heard (order_id)
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET status = excluded.status WHERE false
