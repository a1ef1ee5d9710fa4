-- lock_log_days: Makes the transaction the only one that makes or drops days of the log. It waits neither for another one nor for a table for
-- long: whoever writes to the log would wait behind it.
SET LOCAL lock_timeout = '3s';
SELECT pg_advisory_xact_lock(hashtextextended('dispatch log days', 0));
