-- raise_revisions: Open orders of couriers in zones that are not theirs have changed: what their own zone knows of them is older now.
-- $1 courier ids, $2 the orders' zones (arrays of one length).
WITH elsewhere AS (
    SELECT courier_id FROM couriers
    WHERE EXISTS (SELECT FROM unnest($1::uuid[], $2::text[]) AS changed (courier_id, zone)
                  WHERE changed.courier_id = couriers.courier_id AND changed.zone <> couriers.zone)
    ORDER BY courier_id
    FOR UPDATE
)
UPDATE couriers SET revision = revision + 1
FROM elsewhere
WHERE couriers.courier_id = elsewhere.courier_id
