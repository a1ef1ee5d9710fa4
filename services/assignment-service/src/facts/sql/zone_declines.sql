-- zone_declines: Who declined which order of a zone's line, or which that is with somebody. $1 zone.
SELECT declines.order_id, declines.courier_id, declines.declined_at
FROM declines
JOIN orders USING (order_id)
WHERE orders.zone = $1 AND orders.status IN ('pending', 'assigned', 'picked_up')
