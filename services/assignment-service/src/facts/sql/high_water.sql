-- high_water: Up to which number the log is settled: every line up to there is committed, or will never be. Numbers commit out of order, so a
-- line with a smaller number than one that is seen may still come; but whoever writes lines has marked the log before
-- (mark_log.sql), and their lines are behind their mark. $1 the greatest number, read by a statement before this one: whoever
-- marks the log later writes behind it.
SELECT coalesce(min($1 - ($1 - objid::bigint + 2147483648) % 2147483648), $1)
FROM pg_locks
WHERE locktype = 'advisory' AND classid = 20210718 AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
