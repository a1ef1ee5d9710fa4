-- lock_zone: Makes the transaction the only one that loads this zone; waits for whoever does. $1 zone.
SELECT pg_advisory_xact_lock(hashtextextended('dispatch zone ' || $1, 0))
