-- lock_couriers: Locks couriers until the transaction ends. Alone: nobody else changes them or counts their orders meanwhile. Shared: they stay
-- where they are. An advisory lock queues fairly; a row lock FOR SHARE would let assignment after assignment pass a waiting
-- change. In one order, so that two transactions never wait for each other. $1 courier ids, $2 whether alone.
SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END
FROM (SELECT hashtextextended('dispatch courier ' || courier_id, 0) AS key, bool_or(alone) AS alone
      FROM unnest($1::uuid[], $2::boolean[]) AS wanted (courier_id, alone)
      GROUP BY key
      ORDER BY key) AS keys
