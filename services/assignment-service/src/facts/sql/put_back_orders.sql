-- put_back_orders: Orders are with nobody, and wait. $1 order ids, $2 since when (arrays of one length).
UPDATE orders
SET status = 'pending', courier_id = NULL, assigned_at = NULL, assignment_event_id = NULL, score = NULL,
    runner_up = NULL, candidates = NULL, cause = NULL, latest_at = back.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS back (order_id, at)
WHERE orders.order_id = back.order_id
