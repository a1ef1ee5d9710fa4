-- pin_order: Gives an order to a courier by hand. $1 order, $2 courier, $3 assigned at, $4 assignment event id, $5 open orders of
-- the courier before.
UPDATE orders
SET status = 'assigned', courier_id = $2, assigned_at = $3, latest_at = $3, assignment_event_id = $4, score = $5,
    runner_up = NULL, candidates = NULL, cause = 'manual'
WHERE order_id = $1
