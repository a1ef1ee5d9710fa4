-- claim_key: Claims a key that is free or has expired; no row is affected if it is taken.
-- $1 key, $2 the request as text, $3 now, $4 when the claim expires.
INSERT INTO idempotency_keys AS known (key, fingerprint, expires_at)
VALUES ($1, sha256(convert_to($2, 'UTF8')), $4)
ON CONFLICT (key) DO UPDATE
SET fingerprint = excluded.fingerprint, expires_at = excluded.expires_at, created = NULL, answer = NULL
WHERE known.expires_at <= $3
