-- list_couriers: A page of couriers, by their ids. $1 zone or NULL, $2 the courier that the page before ended with or NULL, $3 how
-- many at most.
SELECT courier_id, name, zone, is_available, capacity, version_at
FROM couriers
WHERE ($1::text IS NULL OR zone = $1)
  AND ($2::uuid IS NULL OR courier_id > $2)
ORDER BY courier_id
LIMIT $3
