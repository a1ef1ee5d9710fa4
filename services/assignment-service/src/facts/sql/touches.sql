-- touches: What the newest lines of the log are about, the newest first. $1 after this number, $2 up to this number, $3 how many at most.
SELECT seq, type, order_id, courier_id, zone
FROM event_log
WHERE seq > $1 AND seq <= $2
ORDER BY seq DESC
LIMIT $3
