-- Makes a row for each order that was not heard of: its AddOrder is still to come. $1 order ids.
INSERT INTO orders (order_id, status)
SELECT DISTINCT order_id, 'pending' FROM unnest($1::uuid[]) AS heard (order_id)
ORDER BY order_id
ON CONFLICT (order_id) DO NOTHING
