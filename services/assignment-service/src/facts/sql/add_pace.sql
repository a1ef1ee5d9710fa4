-- add_pace: Adds what an instance assigned in a stretch of time, and drops what is old. $1 when it began, $2 the instance, $3 how many, $4 how
-- many by classes of latency, $5 what began before this is old.
WITH old AS (
    DELETE FROM paces WHERE started_at < $5
)
INSERT INTO paces (started_at, instance, assigned, latencies)
VALUES ($1, $2, $3, $4)
ON CONFLICT (started_at, instance) DO UPDATE
SET assigned = paces.assigned + excluded.assigned,
    latencies = ARRAY(SELECT a + b FROM unnest(paces.latencies, excluded.latencies) AS both_of (a, b))
