-- What has happened to orders. Decisions are only those that were made here. $1 order ids.
SELECT order_id, event_id, type, courier_id, occurred_at
FROM event_log
WHERE order_id = ANY ($1) AND has_effect
  AND (type IN ('OrderPickedUp', 'OrderDelivered', 'OrderCancelled')
       OR (type IN ('OrderAssigned', 'OrderUnassigned') AND source_message_id IS NULL))
