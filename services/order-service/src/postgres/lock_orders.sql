-- lock_orders: Locks orders in the order of their ids, so that two batches never wait for each other in a circle. An order that is
-- not known gets a row without details. The condition is never met: a known row is locked and not written.
-- $1 order ids.
INSERT INTO orders AS known (order_id)
SELECT DISTINCT order_id
FROM unnest($1::uuid[]) AS news (order_id)
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET status = known.status WHERE false
