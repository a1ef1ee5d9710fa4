-- The transactional outbox of the crate `messaging`: rows to publish to SNS, deleted once SNS has them.
CREATE TABLE outbox (
    event_id     uuid        PRIMARY KEY,
    seq          bigint      GENERATED ALWAYS AS IDENTITY,
    topic_arn    text        NOT NULL,
    event_type   text        NOT NULL,
    payload      text        NOT NULL,
    traceparent  text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- Not published before then: it failed, and the next attempt is put off.
    due_at       timestamptz NOT NULL DEFAULT '-infinity',
    attempts     integer     NOT NULL DEFAULT 0
);

CREATE INDEX outbox_seq ON outbox (seq);
