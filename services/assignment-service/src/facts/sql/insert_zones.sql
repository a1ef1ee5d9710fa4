-- insert_zones: Remembers zones that were heard of. $1 zones, sorted, so that two transactions never wait for each other.
INSERT INTO zones (zone)
SELECT zone FROM unnest($1::text[]) AS heard (zone)
ON CONFLICT (zone) DO NOTHING
