-- Takes the couriers for change, until the transaction ends: waits for whoever is recording an assignment to them, and holds
-- up whoever comes later. An advisory lock queues fairly; a row lock FOR SHARE would let assignment after assignment pass a
-- waiting change. In one order, so that two transactions never wait for each other. $1 courier ids.
SELECT pg_advisory_xact_lock(key)
FROM (SELECT DISTINCT hashtextextended('dispatch courier ' || courier_id, 0) AS key
      FROM unnest($1::uuid[]) AS wanted (courier_id) ORDER BY key) AS keys
