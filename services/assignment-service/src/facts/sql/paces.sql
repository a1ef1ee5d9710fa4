-- paces: What was assigned lately, the oldest first. $1 since when.
SELECT started_at, assigned, latencies FROM paces WHERE started_at >= $1 ORDER BY started_at
