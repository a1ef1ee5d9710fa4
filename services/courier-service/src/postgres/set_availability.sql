-- set_availability: Changes whether a courier takes orders, as the newest news of them: later than what is known even when the clock that
-- gave $3 is behind. $1 courier id, $2 whether available, $3 now, $4 event id.
UPDATE couriers
SET is_available  = $2,
    version_at    = greatest($3, version_at + interval '1 microsecond'),
    version_event = $4
WHERE courier_id = $1
RETURNING courier_id, name, zone, is_available, capacity, version_at
