-- How long it takes from what caused an event until it is published. Rows of an instance without this column have none.
ALTER TABLE outbox ADD COLUMN caused_at timestamptz;
