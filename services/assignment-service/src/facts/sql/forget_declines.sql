-- forget_declines: The orders have ended: who declined them does not matter any more. $1 order ids.
DELETE FROM declines WHERE order_id = ANY ($1)
