-- append_log: Appends to the event log, in the order given, and keeps what has happened to orders. An event that was heard of is left out;
-- decisions and commands, which no message brought, are new. Answers which are new. Arrays of one length: $1 event ids,
-- $2 types, $3 orders, $4 couriers, $5 zones, $6 payloads, $7 message ids, $8 times, $9 inputs of decisions.
WITH entry AS (
    SELECT DISTINCT ON (event_id, about, is_add_order) *
    FROM (
        SELECT *, coalesce(order_id, courier_id) AS about, type = 'AddOrder' AS is_add_order
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::jsonb[], $7::text[],
                    $8::timestamptz[], $9::jsonb[])
            WITH ORDINALITY
            AS entry (event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at, inputs, place)
    ) AS entry
    ORDER BY event_id, about, is_add_order, place
),
heard AS (
    INSERT INTO heard_events (event_id, about, is_add_order)
    SELECT event_id, about, is_add_order FROM entry WHERE source_message_id IS NOT NULL
    -- In one order, so that two transactions never wait for each other.
    ORDER BY event_id, about, is_add_order
    ON CONFLICT DO NOTHING
    RETURNING event_id, about, is_add_order
),
new AS (
    SELECT entry.* FROM entry JOIN heard USING (event_id, about, is_add_order)
    UNION ALL
    SELECT * FROM entry WHERE source_message_id IS NULL
),
happened AS (
    INSERT INTO happenings (order_id, event_id, type, courier_id, occurred_at)
    SELECT order_id, event_id, type, courier_id, occurred_at FROM new
    WHERE (source_message_id IS NOT NULL AND type IN ('OrderPickedUp', 'OrderDelivered', 'OrderCancelled'))
       OR (source_message_id IS NULL AND type IN ('OrderAssigned', 'OrderUnassigned'))
    ON CONFLICT DO NOTHING
)
INSERT INTO event_log (event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at, inputs)
SELECT event_id, type, order_id, courier_id, zone, payload, source_message_id, occurred_at, inputs
FROM new
ORDER BY place
RETURNING event_id, order_id
