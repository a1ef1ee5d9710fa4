-- zone_couriers_page: A page of a zone's couriers. $1 zone, $2 after this courier or NULL, $3 how many at most.
SELECT courier_id FROM couriers
WHERE zone = $1 AND ($2::uuid IS NULL OR courier_id > $2)
ORDER BY courier_id
LIMIT $3
