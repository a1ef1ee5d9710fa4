-- The facts: what is known of zones, couriers and orders. Redis is made from these tables and never the other way.

CREATE TABLE zones (
    zone          text        PRIMARY KEY,
    first_seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE couriers (
    courier_id       uuid        PRIMARY KEY,
    zone             text        NOT NULL,
    is_available     boolean     NOT NULL,
    capacity         integer,
    -- How new the news behind this row is: the greater pair wins.
    version_at       timestamptz NOT NULL,
    version_event_id uuid        NOT NULL,
    -- The zone before the last move, so that a repeated event can leave it again.
    former_zone      text,
    first_seen_at    timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX couriers_zone ON couriers (zone);

CREATE TABLE orders (
    -- Unique: this is what makes an order go to one courier, whatever Redis remembers.
    order_id            uuid        PRIMARY KEY,
    zone                text        NOT NULL,
    priority            smallint    NOT NULL,
    added_at            timestamptz NOT NULL,
    status              text        NOT NULL
        CHECK (status IN ('pending', 'assigned', 'picked_up', 'delivered', 'cancelled')),
    courier_id          uuid,
    assigned_at         timestamptz,
    assignment_event_id uuid,
    -- What the decision was based on: open orders of the chosen, who was next, how many could have taken it.
    score               integer,
    runner_up           uuid,
    candidates          integer,
    first_seen_at       timestamptz NOT NULL DEFAULT now(),
    CHECK ((courier_id IS NULL) = (assigned_at IS NULL)),
    CHECK (status <> 'assigned' OR courier_id IS NOT NULL),
    CHECK (status <> 'pending' OR courier_id IS NULL)
);

CREATE INDEX orders_waiting ON orders (zone, priority DESC, added_at, order_id) WHERE status = 'pending';
CREATE INDEX orders_open ON orders (courier_id, zone) WHERE status IN ('assigned', 'picked_up');
CREATE INDEX orders_by_courier ON orders (courier_id, assigned_at, assignment_event_id);
CREATE INDEX orders_open_in_zone ON orders (zone) WHERE status IN ('assigned', 'picked_up');
