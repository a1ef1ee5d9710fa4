-- How fast orders were assigned lately, for the board: a row for each instance and stretch of five seconds. It is not logged: who looks
-- at the last minutes after a crash of the server sees them begin anew.
CREATE UNLOGGED TABLE paces (
    started_at timestamptz NOT NULL,
    instance   text        NOT NULL,
    assigned   integer     NOT NULL,
    -- How many took how long from the event to the publication, by classes of length (domain/latencies.rs).
    latencies  integer[]   NOT NULL,
    PRIMARY KEY (started_at, instance)
);
