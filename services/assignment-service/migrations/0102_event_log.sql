-- Every consumed event and every decision, in the order in which they were recorded; nothing is ever changed here.
-- Sequence numbers commit out of order: whoever tails the log by them needs a high-water mark.
CREATE TABLE event_log (
    seq               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id          uuid        NOT NULL UNIQUE,
    type              text        NOT NULL,
    order_id          uuid,
    courier_id        uuid,
    zone              text,
    payload           jsonb       NOT NULL,
    -- The broker's id of the message that brought it; null for our own decisions.
    source_message_id text,
    occurred_at       timestamptz NOT NULL,
    recorded_at       timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX event_log_order ON event_log (order_id, seq) WHERE order_id IS NOT NULL;
CREATE INDEX event_log_courier ON event_log (courier_id, seq) WHERE courier_id IS NOT NULL;
