-- get_couriers: Couriers by their ids. $1 courier ids.
SELECT courier_id, name, zone, is_available, capacity, version_at FROM couriers WHERE courier_id = ANY ($1)
