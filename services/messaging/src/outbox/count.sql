-- count: How many rows wait to be published, and for how many seconds the oldest of them has waited. $1 where counting ends.
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting),
       coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY seq LIMIT 1), 0)::double precision
