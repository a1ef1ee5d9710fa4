-- How many rows wait to be published. $1 where counting ends.
SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting
