-- decline: Keeps when an event of an order was first said to be, and answers that. $1 order id, $2 event id, $3 now.
UPDATE pairs
SET declined_at = CASE WHEN declined_event = $2 THEN declined_at ELSE $3 END, declined_event = $2
WHERE order_id = $1
RETURNING declined_at
