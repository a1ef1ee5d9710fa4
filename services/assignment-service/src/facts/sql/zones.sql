-- zones: All zones that were heard of, and whether an order waits there. $1 after this zone, $2 how many at most.
SELECT zone, EXISTS (SELECT FROM orders WHERE orders.zone = zones.zone AND orders.status = 'pending') AS waiting
FROM zones
WHERE zone > $1
ORDER BY zone
LIMIT $2
