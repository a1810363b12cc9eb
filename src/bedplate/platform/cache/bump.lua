-- Gives tags new versions and tells every process. KEYS: versions. ARGV: seconds kept, channel, message.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
for i = 1, #KEYS do
  local version = math.max(now, (tonumber(redis.call('GET', KEYS[i]) or '') or 0) + 1)
  redis.call('SET', KEYS[i], string.format('%.0f', version), 'EX', ARGV[1])
end
if ARGV[2] == '' then return 0 end
return redis.call('PUBLISH', ARGV[2], ARGV[3])
