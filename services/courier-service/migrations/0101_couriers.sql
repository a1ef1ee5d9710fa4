-- Couriers, each as the newest news has them.
CREATE TABLE couriers (
    courier_id    uuid        PRIMARY KEY,
    name          text        NOT NULL,
    zone          text        NOT NULL,
    is_available  boolean     NOT NULL,
    -- NULL: no limit.
    capacity      integer     CHECK (capacity >= 0),
    -- How new the news is: when it happened, then its event. Older news changes nothing, whenever it arrives.
    version_at    timestamptz NOT NULL,
    version_event uuid        NOT NULL
);

-- The list of a zone, in the list's order; that of all zones goes by the primary key.
CREATE INDEX couriers_zone ON couriers (zone, courier_id);
