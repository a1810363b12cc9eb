-- Keeps an entry, unless its tags have changed. KEYS: entry, lease, versions of the tags in this slot.
-- ARGV: token, versions, versions of tags in other slots, made, fresh until, stale until, kept (ms), value.
local versions = {}
for i = 3, #KEYS do versions[#versions + 1] = redis.call('GET', KEYS[i]) or '?' end
if redis.call('GET', KEYS[2]) == ARGV[2] .. '|' .. ARGV[1] then redis.call('DEL', KEYS[2]) end
if table.concat(versions, ' ') .. ARGV[3] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'versions', ARGV[2], 'made', ARGV[4], 'fresh', ARGV[5], 'stale', ARGV[6], 'value', ARGV[8])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return 1
