-- The event log by days, so that its past is dropped as whole tables; and as facts of their own what was read from it until now.

-- What has happened to orders. Where an order is follows from these, however little of the log is kept.
CREATE TABLE happenings (
    order_id    uuid        NOT NULL,
    event_id    uuid        NOT NULL,
    type        text        NOT NULL
        CHECK (type IN ('OrderAssigned', 'OrderUnassigned', 'OrderPickedUp', 'OrderDelivered', 'OrderCancelled')),
    courier_id  uuid,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, event_id)
);

INSERT INTO happenings (order_id, event_id, type, courier_id, occurred_at)
SELECT order_id, event_id, type, courier_id, occurred_at
FROM event_log
WHERE order_id IS NOT NULL AND has_effect
  AND (type IN ('OrderPickedUp', 'OrderDelivered', 'OrderCancelled')
       OR (type IN ('OrderAssigned', 'OrderUnassigned') AND source_message_id IS NULL));

-- Who was given how many orders lately.
CREATE INDEX happenings_assigned ON happenings (courier_id, occurred_at DESC) WHERE type = 'OrderAssigned';

-- Which events were heard of, so that a redelivery is not logged again. An event is known by its id and by what it is about:
-- whoever injects one id for two orders says two things. A table of days cannot have such a key.
CREATE TABLE heard_events (
    event_id     uuid        NOT NULL,
    about        uuid        NOT NULL,
    is_add_order boolean     NOT NULL,
    heard_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, about, is_add_order)
);

CREATE INDEX heard_events_age ON heard_events USING brin (heard_at);

INSERT INTO heard_events (event_id, about, is_add_order, heard_at)
SELECT event_id, coalesce(order_id, courier_id), type = 'AddOrder', recorded_at
FROM event_log
WHERE source_message_id IS NOT NULL;

-- What was logged so far becomes the first part of the new table.
ALTER TABLE event_log ALTER COLUMN seq DROP IDENTITY;
ALTER TABLE event_log DROP CONSTRAINT event_log_pkey;
ALTER TABLE event_log DROP CONSTRAINT event_log_event_id_key;
DROP INDEX event_log_assigned;
ALTER TABLE event_log
    -- What a decision was based on.
    ADD COLUMN inputs jsonb,
    -- Who wrote it: the name that the process gives its connection.
    ADD COLUMN recorded_by text NOT NULL DEFAULT '';
ALTER TABLE event_log ALTER COLUMN recorded_by SET DEFAULT current_setting('application_name');
ALTER TABLE event_log RENAME TO event_log_until;
ALTER INDEX event_log_order RENAME TO event_log_until_order;
ALTER INDEX event_log_courier RENAME TO event_log_until_courier;

CREATE SEQUENCE event_log_numbers;
SELECT setval('event_log_numbers', coalesce(max(seq), 1), max(seq) IS NOT NULL) FROM event_log_until;
ALTER TABLE event_log_until ALTER COLUMN seq SET DEFAULT nextval('event_log_numbers');

CREATE TABLE event_log (LIKE event_log_until INCLUDING DEFAULTS) PARTITION BY RANGE (recorded_at);
CREATE INDEX event_log_seq ON event_log (seq);
CREATE INDEX event_log_order ON event_log (order_id, seq) WHERE order_id IS NOT NULL;
CREATE INDEX event_log_courier ON event_log (courier_id, seq) WHERE courier_id IS NOT NULL;

-- Its name ends with its last day, as that of every part does.
DO $$
DECLARE
    last_day date := (now() AT TIME ZONE 'UTC')::date;
    name     text := 'event_log_until_' || to_char(last_day, 'YYYYMMDD');
BEGIN
    EXECUTE format('ALTER TABLE event_log_until RENAME TO %I', name);
    EXECUTE format('ALTER TABLE event_log ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', name,
                   to_char(last_day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
END
$$;

-- Takes what no day was made for in time: logging must not depend on housekeeping.
CREATE TABLE event_log_default PARTITION OF event_log DEFAULT;
