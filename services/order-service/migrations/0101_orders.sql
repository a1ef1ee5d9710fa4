-- Orders. A row is a collection of facts; what is shown of it is derived from them by the database itself. Facts only
-- ever get newer, each by itself, so whatever order the news arrives in, and however often, the row ends up the same.

-- Who has an order, from the newest decision that gave it to somebody and the newest that took it from somebody.
-- A decision that takes it from one courier says nothing about another.
CREATE FUNCTION order_holder(
    given_to uuid, given_at timestamptz, given_event uuid, taken_from uuid, taken_at timestamptz, taken_event uuid
) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN taken_from = given_to AND (taken_at, taken_event) > (given_at, given_event) THEN NULL
    ELSE given_to
END;

CREATE TABLE orders (
    order_id    uuid        PRIMARY KEY,

    -- What was ordered: the first AddOrder with this id. NULL, all four, while only other news of the order has
    -- arrived.
    details     text,
    zone        text,
    priority    smallint    CHECK (priority BETWEEN 0 AND 9),
    added_at    timestamptz,
    CHECK (num_nulls(details, zone, priority, added_at) IN (0, 4)),

    -- The newest OrderAssigned.
    given_to    uuid,
    given_at    timestamptz,
    given_event uuid,
    CHECK (num_nulls(given_to, given_at, given_event) IN (0, 3)),

    -- The newest OrderUnassigned.
    taken_from  uuid,
    taken_at    timestamptz,
    taken_event uuid,
    CHECK (num_nulls(taken_from, taken_at, taken_event) IN (0, 3)),

    -- How far it got after it was assigned; only ever forward. It overrides what the assignment says of the status.
    progress    text        CHECK (progress IN ('picked_up', 'delivered', 'cancelled')),

    -- What is shown.
    courier_id  uuid        GENERATED ALWAYS AS
        (order_holder(given_to, given_at, given_event, taken_from, taken_at, taken_event)) STORED,
    assigned_at timestamptz GENERATED ALWAYS AS
        (CASE WHEN order_holder(given_to, given_at, given_event, taken_from, taken_at, taken_event) IS NOT NULL
              THEN given_at END) STORED,
    status      text        NOT NULL GENERATED ALWAYS AS
        (coalesce(progress,
                  CASE WHEN order_holder(given_to, given_at, given_event, taken_from, taken_at, taken_event) IS NULL
                       THEN 'pending' ELSE 'assigned' END)) STORED
);

-- One for each combination of the list's filters, each in the list's order: a page costs the same however many orders
-- there are.
CREATE INDEX orders_newest ON orders (added_at DESC, order_id DESC)
    WHERE added_at IS NOT NULL;
CREATE INDEX orders_zone_newest ON orders (zone, added_at DESC, order_id DESC)
    WHERE added_at IS NOT NULL;
CREATE INDEX orders_status_newest ON orders (status, added_at DESC, order_id DESC)
    WHERE added_at IS NOT NULL;
CREATE INDEX orders_zone_status_newest ON orders (zone, status, added_at DESC, order_id DESC)
    WHERE added_at IS NOT NULL;
