-- insert_orders: Records new orders, assigned or waiting; the first one with an id wins. One that was heard of before its AddOrder gets
-- what was missing, and stays as it is otherwise. Answers which were not heard of at all.
-- Arrays of one length: $1 orders, $2 zones, $3 priorities, $4 added at, $5 couriers (null: it waits), $6 assignment
-- event ids, $7 scores, $8 runners-up, $9 candidates, $11 traceparents. $10 assigned at.
WITH written AS (
    INSERT INTO orders AS known (order_id, zone, priority, added_at, status, courier_id, assigned_at, latest_at,
                                 assignment_event_id, score, runner_up, candidates, traceparent)
    SELECT order_id, zone, priority, added_at,
           CASE WHEN courier_id IS NULL THEN 'pending' ELSE 'assigned' END,
           courier_id,
           CASE WHEN courier_id IS NULL THEN NULL ELSE $10 END,
           CASE WHEN courier_id IS NULL THEN NULL ELSE $10 END,
           assignment_event_id, score, runner_up, candidates, traceparent
    FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::integer[],
                $8::uuid[], $9::integer[], $11::text[])
        AS new (order_id, zone, priority, added_at, courier_id, assignment_event_id, score, runner_up, candidates,
                traceparent)
    ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE
    SET zone = excluded.zone, priority = excluded.priority, added_at = excluded.added_at,
        traceparent = excluded.traceparent
    WHERE known.zone IS NULL
    -- A row that was inserted, and not updated, has xmax 0.
    RETURNING order_id, xmax = 0 AS is_new
)
SELECT order_id FROM written WHERE is_new
