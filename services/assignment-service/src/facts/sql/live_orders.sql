-- live_orders: Writes where orders are in their lives. Where the courier changed, what spoke for the former one goes.
-- Arrays of one length: $1 orders, $2 statuses, $3 couriers, $4 assigned at, $5 assignment event ids, $6 latest at.
UPDATE orders
SET status = life.status, courier_id = life.courier_id, assigned_at = life.assigned_at,
    assignment_event_id = life.assignment_event_id, latest_at = greatest(orders.latest_at, life.latest_at),
    score = CASE WHEN stays THEN score END, runner_up = CASE WHEN stays THEN runner_up END,
    candidates = CASE WHEN stays THEN candidates END, cause = CASE WHEN stays THEN cause END
FROM (
    SELECT *, EXISTS (SELECT FROM orders AS former
                      WHERE former.order_id = life.order_id AND former.assignment_event_id = life.assignment_event_id)
              AS stays
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::timestamptz[])
        AS life (order_id, status, courier_id, assigned_at, assignment_event_id, latest_at)
) AS life
WHERE orders.order_id = life.order_id
