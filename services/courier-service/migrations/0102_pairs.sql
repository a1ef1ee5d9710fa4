-- Which order is with which courier. A row is a collection of facts; what is shown of it is derived from them by the
-- database itself. Facts only ever get newer, each by itself, so whatever order the news arrives in, and however often,
-- the row ends up the same.

-- Who has an order, from the newest decision that gave it to somebody and the newest that took it from somebody.
-- A decision that takes it from one courier says nothing about another.
CREATE FUNCTION order_holder(
    given_to uuid, given_at timestamptz, given_event uuid, taken_from uuid, taken_at timestamptz, taken_event uuid
) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN taken_from = given_to AND (taken_at, taken_event) > (given_at, given_event) THEN NULL
    ELSE given_to
END;

CREATE TABLE pairs (
    order_id    uuid        PRIMARY KEY,

    -- The newest OrderAssigned.
    given_to    uuid,
    given_at    timestamptz,
    given_event uuid,
    zone        text,
    CHECK (num_nulls(given_to, given_at, given_event, zone) IN (0, 4)),

    -- The newest OrderUnassigned.
    taken_from  uuid,
    taken_at    timestamptz,
    taken_event uuid,
    CHECK (num_nulls(taken_from, taken_at, taken_event) IN (0, 3)),

    -- How far the order got after it was assigned; only ever forward.
    progress    text        CHECK (progress IN ('picked_up', 'delivered', 'cancelled')),

    -- What is shown. While nobody has the order, courier_id is NULL and there is no pair.
    courier_id  uuid        GENERATED ALWAYS AS
        (order_holder(given_to, given_at, given_event, taken_from, taken_at, taken_event)) STORED,
    status      text        NOT NULL GENERATED ALWAYS AS (coalesce(progress, 'assigned')) STORED
);

-- The orders of a courier, latest first, all of them or those in one status.
CREATE INDEX pairs_courier_latest ON pairs (courier_id, given_at DESC, order_id DESC)
    WHERE courier_id IS NOT NULL;
CREATE INDEX pairs_courier_status_latest ON pairs (courier_id, status, given_at DESC, order_id DESC)
    WHERE courier_id IS NOT NULL;
