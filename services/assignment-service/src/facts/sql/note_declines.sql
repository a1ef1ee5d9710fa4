-- note_declines: Notes who declined which order. $1 order ids, $2 courier ids (arrays of one length), $3 when.
INSERT INTO declines AS known (order_id, courier_id, declined_at)
SELECT order_id, courier_id, $3 FROM unnest($1::uuid[], $2::uuid[]) AS news (order_id, courier_id)
ON CONFLICT (order_id, courier_id) DO UPDATE SET declined_at = greatest(known.declined_at, excluded.declined_at)
