-- latest_passed: The latest messages that passed through a queue, the newest first, each with how many passed between it and the
-- next newer one, or until now, that are in no ring. $1 the queue, $2 how many at most.
SELECT number, message_id, kind, body, size, is_cut, attributes, sent_at, passed_at, receive_count, outcome, reason, passed_by,
       lag(number, 1, passed + 1) OVER (ORDER BY number DESC) - number - 1 AS skipped_after
FROM passed_messages JOIN passed_message_rings USING (queue)
WHERE queue = $1
ORDER BY number DESC
LIMIT $2
