-- The whole life of an order, limits of couriers, and who declined what.

-- News of an order may come before its AddOrder; such a row has no zone yet, and nobody can have the order.
ALTER TABLE orders
    ALTER COLUMN zone DROP NOT NULL,
    ALTER COLUMN priority DROP NOT NULL,
    ALTER COLUMN added_at DROP NOT NULL,
    ADD CONSTRAINT orders_described CHECK (num_nulls(zone, priority, added_at) IN (0, 3)),
    ADD CONSTRAINT orders_undescribed CHECK (zone IS NOT NULL OR status IN ('pending', 'cancelled')),
    -- When the latest happened of what is known of the order. Each decision about it is later than that, so what was
    -- refused when it came is refused by everybody else, too.
    ADD COLUMN latest_at timestamptz,
    -- Why the courier got it, where it was not simply their turn.
    ADD COLUMN cause text;

UPDATE orders SET latest_at = assigned_at;

ALTER TABLE couriers
    -- Raised by every change of what a zone in Redis has to know of the courier: the greater one wins there.
    ADD COLUMN revision bigint NOT NULL DEFAULT 1,
    -- Since when they are not available.
    ADD COLUMN left_at timestamptz;

UPDATE couriers SET left_at = version_at WHERE NOT is_available;

-- Pickups, deliveries, cancellations and rejections were logged before, and nothing followed from them, in no service. They
-- stay without effect: acted on now, and here alone, they would part the services for ever.
ALTER TABLE event_log ADD COLUMN has_effect boolean NOT NULL DEFAULT true;

UPDATE event_log SET has_effect = false
WHERE type IN ('OrderPickedUp', 'OrderDelivered', 'OrderCancelled', 'OrderRejected');

-- Who was given how many orders lately.
CREATE INDEX event_log_assigned ON event_log (courier_id, occurred_at DESC)
    WHERE type = 'OrderAssigned' AND source_message_id IS NULL;

CREATE INDEX couriers_left ON couriers (left_at) WHERE left_at IS NOT NULL;

-- Who declined which order last when; gone when the order ends.
CREATE TABLE declines (
    order_id    uuid        NOT NULL,
    courier_id  uuid        NOT NULL,
    declined_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, courier_id)
);
