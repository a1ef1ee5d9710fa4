-- Whether the zone is loaded.
--
-- Answers: COLD | OK
if is_cold() then
    return { 'COLD' }
end
return { 'OK' }
