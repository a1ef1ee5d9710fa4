-- earlier_answer: What a key that is taken was answered, and whether it was for the same request. $1 key, $2 the request as text.
SELECT fingerprint = sha256(convert_to($2, 'UTF8')), created, answer FROM idempotency_keys WHERE key = $1
