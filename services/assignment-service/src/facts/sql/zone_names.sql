-- zone_names: The first zones that were heard of, by name. $1 how many at most.
SELECT zone FROM zones ORDER BY zone LIMIT $1
