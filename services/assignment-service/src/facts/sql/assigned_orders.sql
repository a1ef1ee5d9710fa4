-- assigned_orders: Which of these orders are not waiting. $1 order ids.
SELECT order_id FROM orders WHERE order_id = ANY ($1) AND status <> 'pending'
