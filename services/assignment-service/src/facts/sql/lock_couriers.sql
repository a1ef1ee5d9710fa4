-- Locks couriers for change, in one order, so that two transactions never wait for each other. $1 courier ids.
SELECT courier_id FROM couriers WHERE courier_id = ANY ($1) ORDER BY courier_id FOR UPDATE
