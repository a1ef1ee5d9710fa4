-- record_passed: Puts messages that passed through a queue into its ring, over the oldest ones. $1 the queue, $2 how many the ring
-- holds, $3 the messages as a JSON array, at most as many, $4 how many passed before them that are in no ring, $5 and after them.
WITH ring AS (
    INSERT INTO passed_message_rings AS ring (queue, kept, passed)
    VALUES ($1, jsonb_array_length($3), $4 + jsonb_array_length($3) + $5)
    ON CONFLICT (queue) DO UPDATE SET kept = ring.kept + excluded.kept, passed = ring.passed + excluded.passed
    RETURNING kept - jsonb_array_length($3) AS kept_before, passed - jsonb_array_length($3) - $5 AS passed_before
)
INSERT INTO passed_messages (
    queue, slot, number,
    message_id, kind, body, size, is_cut, attributes, sent_at, passed_at, receive_count, outcome, reason
)
SELECT $1, (kept_before + position) % $2, passed_before + position,
       message_id, kind, body, size, is_cut, attributes, sent_at, passed_at, receive_count, outcome, reason
FROM ring, jsonb_to_recordset($3) AS message (
    position integer, message_id text, kind text, body text, size integer, is_cut boolean, attributes jsonb,
    sent_at timestamptz, passed_at timestamptz, receive_count integer, outcome text, reason text
)
ON CONFLICT (queue, slot) DO UPDATE SET
    number = excluded.number, message_id = excluded.message_id, kind = excluded.kind, body = excluded.body,
    size = excluded.size, is_cut = excluded.is_cut, attributes = excluded.attributes, sent_at = excluded.sent_at,
    passed_at = excluded.passed_at, receive_count = excluded.receive_count, outcome = excluded.outcome,
    reason = excluded.reason, passed_by = excluded.passed_by
