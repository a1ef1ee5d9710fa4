-- zone_names: The zones that were heard of first: one that is heard of later takes nobody's place. $1 how many at most.
SELECT zone FROM zones ORDER BY first_seen_at, zone LIMIT $1
