-- hold_zone: Does nothing, on the connection that holds the lock of a zone.
SELECT 1
