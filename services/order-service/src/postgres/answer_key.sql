-- answer_key: Keeps the answer for a key that this transaction claimed. $1 key, $2 whether the order is new, $3 the order.
UPDATE idempotency_keys SET created = $2, answer = $3 WHERE key = $1
