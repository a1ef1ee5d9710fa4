-- order_traces: The traces that orders came with, of those that came with one. $1 order ids.
SELECT order_id, traceparent FROM orders WHERE order_id = ANY ($1) AND traceparent IS NOT NULL
