-- GCRA over several allowances, all or nothing. KEYS: one each. ARGV: interval in microseconds, burst,
-- cost and the most a lease may withdraw, for each key. Answers granted, free, debt, retry for each key,
-- the last two in microseconds. Time is counted from 2026, where a double still has 1/100 of one.
local clock = redis.call('TIME')
local now = (clock[1] - 1767225600) * 1000000 + clock[2]
local stored = redis.call('MGET', unpack(KEYS))
local answer, refused = {}, false
local debts, takes = {}, {}
for i = 1, #KEYS do
  local at = (i - 1) * 4
  local interval, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local cost, most = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local debt = math.max(0, (tonumber(stored[i] or '') or 0) - now)
  local free = math.floor(burst - debt / interval + 0.01)
  local retry = 0
  if free < cost then
    refused = true
    retry = math.max(1, math.ceil(debt - (burst - cost) * interval))
  end
  -- A lease withdraws at most an eighth of what is free: little is stranded where little is left.
  local take = math.max(cost, math.min(most, math.floor(free / 8)))
  debts[i], takes[i] = debt, take * interval
  answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4] = take, free - take, debt + takes[i], retry
end
for i = 1, #KEYS do
  local at = (i - 1) * 4
  if refused then
    answer[at + 2] = math.max(0, answer[at + 1] + answer[at + 2])
    answer[at + 1], answer[at + 3] = 0, debts[i]
  else
    local debt = debts[i] + takes[i]
    redis.call('SET', KEYS[i], string.format('%.3f', now + debt), 'PX', math.ceil(debt / 1000) + 1000)
  end
end
return answer
