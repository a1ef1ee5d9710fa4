-- replay_consumed: Some lines of the log that others told, in their order, apart from wishes, decisions of others and what had no effect.
-- $1 recorded at this time or later, $2 before this time, $3 of this zone or NULL: named by the line, or by its order; $4 of
-- this order or NULL, $5 after this number, $6 up to this number, $7 how many at most.
SELECT seq, event_id, type, payload, occurred_at
FROM event_log
WHERE recorded_at >= $1 AND recorded_at < $2
  AND ($3::text IS NULL OR zone = $3
       OR (zone IS NULL AND EXISTS (SELECT FROM orders
                                    WHERE orders.order_id = event_log.order_id AND orders.zone = $3)))
  AND ($4::uuid IS NULL OR order_id = $4)
  AND seq > $5 AND seq <= $6 AND source_message_id IS NOT NULL AND has_effect
  AND type IN ('AddCourier', 'AddOrder', 'OrderPickedUp', 'OrderDelivered', 'OrderCancelled')
ORDER BY seq
LIMIT $7
