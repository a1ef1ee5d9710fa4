-- backlog: How many orders wait in each zone in which any does, and for how many seconds the oldest of them has waited.
SELECT zone, count(*), greatest(extract(epoch FROM now() - min(coalesce(latest_at, first_seen_at))), 0)::double precision
FROM orders
WHERE status = 'pending' AND zone IS NOT NULL
GROUP BY zone
