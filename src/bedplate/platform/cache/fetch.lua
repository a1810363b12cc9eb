-- Looks an entry up. KEYS: entry, lease, then the version of each tag in this slot.
-- ARGV: token, lease in ms, seconds a version is kept, versions of tags in other slots.
-- Answers state, now in ms, versions, and where they agree value and ms of making.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local versions = {}
for i = 3, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if not version then
    -- A version that was lost gets a new one: entries that bear the old are not revived.
    version = string.format('%.0f', clock[1] * 1000000 + clock[2])
    redis.call('SET', KEYS[i], version, 'EX', ARGV[3])
  end
  versions[#versions + 1] = version
end
local current = table.concat(versions, ' ') .. ARGV[4]
local found = redis.call('HMGET', KEYS[1], 'versions', 'made', 'fresh', 'stale', 'value')
if found[1] == '-' then return {6, now, current, false, 0} end
local valid = found[1] == current
if valid and now < tonumber(found[3]) then return {1, now, current, found[5], tonumber(found[2])} end
local mine = current .. '|' .. ARGV[1]
local yours = redis.call('SET', KEYS[2], mine, 'NX', 'PX', ARGV[2])
if not yours then
  -- Who makes it under former versions makes what nobody may use.
  local held = redis.call('GET', KEYS[2])
  if held and string.sub(held, 1, #current + 1) ~= current .. '|' then
    redis.call('SET', KEYS[2], mine, 'PX', ARGV[2])
    yours = true
  end
end
if not valid then return {yours and 4 or 5, now, current, false, 0} end
local state = yours and 4 or 5
if now < tonumber(found[4]) then state = yours and 2 or 3 end
return {state, now, current, found[5], tonumber(found[2])}
