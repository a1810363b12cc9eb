-- Ends a lease without an entry. KEYS: entry, lease. ARGV: token, versions, ms in which nobody waits.
if redis.call('GET', KEYS[2]) ~= ARGV[2] .. '|' .. ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[3] ~= '0' and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'versions', '-')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
