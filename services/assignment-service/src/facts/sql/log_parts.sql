-- log_parts: The tables that the log consists of.
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'event_log'::regclass
