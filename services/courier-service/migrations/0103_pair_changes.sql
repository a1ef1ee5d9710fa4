-- What has happened to each order, as events tell it. Who has an order follows from all of its changes, lived through
-- in the order of their times (dispatch_contracts::life). It is written into its row with each new one.
CREATE TABLE pair_changes (
    order_id   uuid        NOT NULL,
    event_id   uuid        NOT NULL,
    type       text        NOT NULL,
    -- Whom the event names.
    courier_id uuid,
    -- The order's zone, where an assignment says it.
    zone       text,
    at         timestamptz NOT NULL,
    PRIMARY KEY (order_id, event_id)
);

-- What was kept of it so far: the newest decisions. How far an order got was kept without time and event; it gets the
-- moment after all else, and an id that each service makes alike.
INSERT INTO pair_changes (order_id, event_id, type, courier_id, zone, at)
SELECT order_id, given_event, 'OrderAssigned', given_to, zone, given_at
FROM pairs
WHERE given_event IS NOT NULL
UNION ALL
SELECT order_id, taken_event, 'OrderUnassigned', taken_from, NULL, taken_at
FROM pairs
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
       NULL,
       coalesce(greatest(given_at, taken_at), now()) + interval '1 microsecond'
FROM pairs
WHERE progress IS NOT NULL
ON CONFLICT DO NOTHING;

ALTER TABLE pairs
    ALTER COLUMN courier_id DROP EXPRESSION,
    ALTER COLUMN status     DROP EXPRESSION;

ALTER TABLE pairs
    DROP COLUMN given_to,
    DROP COLUMN given_event,
    DROP COLUMN taken_from,
    DROP COLUMN taken_at,
    DROP COLUMN taken_event,
    DROP COLUMN progress,
    ALTER COLUMN status SET DEFAULT 'pending';

-- The indexes of a courier's list go with it.
ALTER TABLE pairs RENAME COLUMN given_at TO assigned_at;

UPDATE pairs
SET zone = NULL, assigned_at = NULL, status = CASE status WHEN 'cancelled' THEN status ELSE 'pending' END
WHERE courier_id IS NULL;

ALTER TABLE pairs
    ADD CHECK (status IN ('pending', 'assigned', 'picked_up', 'delivered', 'cancelled')),
    ADD CHECK (num_nulls(courier_id, zone, assigned_at) IN (0, 3));

DROP FUNCTION order_holder(uuid, timestamptz, uuid, uuid, timestamptz, uuid);
