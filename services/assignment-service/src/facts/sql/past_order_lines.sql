-- past_order_lines: What the log says of orders, apart from what nothing follows from: decisions of others, wishes, commands, and what an earlier
-- version only logged. $1 order ids.
SELECT order_id AS about, event_id, type, courier_id, payload, inputs, occurred_at
FROM event_log
WHERE order_id = ANY ($1) AND has_effect
  AND (type IN ('AddOrder', 'OrderPickedUp', 'OrderDelivered', 'OrderCancelled')
       OR (type IN ('OrderAssigned', 'OrderUnassigned') AND source_message_id IS NULL))
ORDER BY seq
