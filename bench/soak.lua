-- Reads of three kinds, and each fiftieth request a write that ends what is kept of the plan.
local plan, token = os.getenv("SOAK_PLAN"), os.getenv("SOAK_TOKEN")
local reading = { ["Authorization"] = "Bearer " .. token }
local fresh = { ["Authorization"] = "Bearer " .. token, ["Cache-Control"] = "no-store" }
local writing = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
local count = 0

request = function()
  count = count + 1
  if count % 50 == 0 then
    return wrk.format("POST", "/v1/plans/" .. plan .. "/time-entries", writing, '{"minutes":1}')
  end
  local turn = count % 4
  if turn == 0 then return wrk.format("GET", "/v1/me", reading) end
  if turn == 1 then return wrk.format("GET", "/v1/plans/" .. plan .. "/tasks?limit=20", fresh) end
  if turn == 2 then return wrk.format("GET", "/v1/plans/" .. plan .. "/graph", reading) end
  return wrk.format("GET", "/v1/plans/" .. plan .. "/tasks?limit=20", reading)
end
