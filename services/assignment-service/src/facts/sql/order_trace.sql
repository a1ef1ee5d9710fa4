-- order_trace: The trace that an order came with, if it came with one. $1 order id.
SELECT traceparent FROM orders WHERE order_id = $1 AND traceparent IS NOT NULL
