-- last_number: The greatest number that a line of the log has.
SELECT last_value - (NOT is_called)::integer FROM event_log_numbers
