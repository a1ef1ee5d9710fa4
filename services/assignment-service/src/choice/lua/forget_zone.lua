-- Makes the zone cold, so that whoever comes next loads it from the facts: what is here contradicts them.
--
-- ARGV: 1 now
-- Answers: OK
redis.call('HDEL', META, 'epoch')
return { 'OK' }
