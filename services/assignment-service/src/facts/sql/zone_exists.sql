-- zone_exists: Whether an event named the zone. $1 zone.
SELECT EXISTS (SELECT FROM zones WHERE zone = $1)
