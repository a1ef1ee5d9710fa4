-- is_courier_known: Whether a courier is known, or has an order. $1 courier id.
SELECT EXISTS (SELECT FROM couriers WHERE courier_id = $1) OR EXISTS (SELECT FROM pairs WHERE courier_id = $1)
