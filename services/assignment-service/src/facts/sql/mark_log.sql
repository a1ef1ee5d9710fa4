-- mark_log: Says to whoever reads the log that lines with greater numbers than now are under way, until the transaction ends. Before any
-- line is written: see high_water.sql. A lock's key has room for 31 bits of the number.
SELECT pg_advisory_xact_lock_shared(20210718, (mark % 2147483648)::integer)
FROM (SELECT last_value - (NOT is_called)::integer AS mark FROM event_log_numbers) AS log
