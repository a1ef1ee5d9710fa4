-- Holds the couriers as they are until the transaction ends: a courier who moves or leaves at this moment either has done so
-- before the next statement, or waits and then sees what this transaction did. $1 courier ids.
SELECT pg_advisory_xact_lock_shared(key)
FROM (SELECT DISTINCT hashtextextended('dispatch courier ' || courier_id, 0) AS key
      FROM unnest($1::uuid[]) AS wanted (courier_id) ORDER BY key) AS keys
