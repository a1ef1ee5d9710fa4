-- What has happened to each order, as events tell it. What is shown of an order follows from all of its changes, lived
-- through in the order of their times (dispatch_contracts::life). It is written into its row with each new one.
CREATE TABLE order_changes (
    order_id   uuid        NOT NULL,
    event_id   uuid        NOT NULL,
    type       text        NOT NULL,
    -- Whom the event names.
    courier_id uuid,
    at         timestamptz NOT NULL,
    -- Why it was decided, where a decision says so.
    cause      text,
    -- Whether it was asked for here, or heard of.
    source     text        NOT NULL CHECK (source IN ('api', 'event')),
    PRIMARY KEY (order_id, event_id)
);

-- What was kept of it so far: the newest decisions. How far an order got was kept without time and event; it gets the
-- moment after all else, and an id that each service makes alike.
INSERT INTO order_changes (order_id, event_id, type, courier_id, at, source)
SELECT order_id, given_event, 'OrderAssigned', given_to, given_at, 'event'
FROM orders
WHERE given_event IS NOT NULL
UNION ALL
SELECT order_id, taken_event, 'OrderUnassigned', taken_from, taken_at, 'event'
FROM orders
WHERE taken_event IS NOT NULL
UNION ALL
SELECT order_id,
       md5(order_id::text || ' ' || progress)::uuid,
       CASE progress
           WHEN 'picked_up' THEN 'OrderPickedUp'
           WHEN 'delivered' THEN 'OrderDelivered'
           ELSE 'OrderCancelled'
       END,
       NULL,
       coalesce(greatest(given_at, taken_at), added_at, now()) + interval '1 microsecond',
       'event'
FROM orders
WHERE progress IS NOT NULL
ON CONFLICT DO NOTHING;

ALTER TABLE orders
    ALTER COLUMN courier_id  DROP EXPRESSION,
    ALTER COLUMN assigned_at DROP EXPRESSION,
    ALTER COLUMN status      DROP EXPRESSION;

ALTER TABLE orders
    DROP COLUMN given_to,
    DROP COLUMN given_at,
    DROP COLUMN given_event,
    DROP COLUMN taken_from,
    DROP COLUMN taken_at,
    DROP COLUMN taken_event,
    DROP COLUMN progress,
    ALTER COLUMN status SET DEFAULT 'pending',
    ADD CHECK (status IN ('pending', 'assigned', 'picked_up', 'delivered', 'cancelled')),
    ADD CHECK (num_nulls(courier_id, assigned_at) IN (0, 2));

DROP FUNCTION order_holder(uuid, timestamptz, uuid, uuid, timestamptz, uuid);
