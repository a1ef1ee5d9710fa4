-- Whether the zone is loaded.
--
-- ARGV: 1 now
-- Answers: COLD | OK
if is_cold() then
    return { 'COLD' }
end
return { 'OK' }
