-- The wire tap of the crate `messaging`: the latest messages that passed through each queue, for whoever wants to look. Nothing
-- depends on them, so they are UNLOGGED: they cost no write-ahead log, and are gone after a crash of the server.

-- A ring for each queue: the message in the n-th slot is overwritten by the one that comes a whole round later.
CREATE UNLOGGED TABLE passed_messages (
    queue         text        NOT NULL,
    slot          integer     NOT NULL,
    -- How many had passed through the queue until then, this one included, also those that were not kept.
    number        bigint      NOT NULL,
    message_id    text        NOT NULL,
    -- The event's type, or `unknown`.
    kind          text        NOT NULL,
    -- As it lay in the queue.
    body          text        NOT NULL,
    -- Bytes of the whole body.
    size          integer     NOT NULL,
    -- Not all of the body or of the attributes is here.
    is_cut        boolean     NOT NULL,
    attributes    jsonb       NOT NULL,
    sent_at       timestamptz NOT NULL,
    passed_at     timestamptz NOT NULL,
    receive_count integer     NOT NULL,
    outcome       text        NOT NULL,
    -- Why it was not done.
    reason        text,
    -- Who wrote it: the name that the process gives its connection.
    passed_by     text        NOT NULL DEFAULT current_setting('application_name'),
    PRIMARY KEY (queue, slot)
)
-- Every row is overwritten again and again: room on its page saves the index, and what was overwritten is cleared away soon.
WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
      toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 2000);

-- How far each ring has come.
CREATE UNLOGGED TABLE passed_message_rings (
    queue  text   PRIMARY KEY,
    -- Messages that were kept.
    kept   bigint NOT NULL,
    -- Messages that passed, kept or not.
    passed bigint NOT NULL
);
