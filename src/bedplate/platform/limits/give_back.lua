-- Pays allowances back. KEYS: one each. ARGV: microseconds for each key.
for i = 1, #KEYS do
  local stored = tonumber(redis.call('GET', KEYS[i]) or '')
  if stored then
    redis.call('SET', KEYS[i], string.format('%.3f', stored - ARGV[i]), 'KEEPTTL')
  end
end
return #KEYS
