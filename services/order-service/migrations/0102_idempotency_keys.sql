-- What was answered to a request that carried an Idempotency-Key, so that its repetition gets the same answer.
CREATE TABLE idempotency_keys (
    key         text        PRIMARY KEY,
    -- SHA-256 of the request: the same key with another one is refused.
    fingerprint bytea       NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- Whether the request made the order, and the order as it was answered. NULL only within the transaction that
    -- claims the key.
    created     boolean,
    answer      jsonb
);

CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
