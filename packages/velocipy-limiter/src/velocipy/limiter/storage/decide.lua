-- One decision over several rules, which are all taken from or none: what `algorithms.py` does in memory, to the last bit.
--
-- KEYS: one for each rule. ARGV: "take" or "peek"; "" for the time of the server, or another in microseconds of Unix time,
-- for which nothing expires; then for each rule seven: algorithm, limit, window, most, microseconds in a unit of time, cost, "1" if it blocks.
-- Returns whether all that block let pass, the time, and for each rule three: what is left, microseconds until its cost
-- fits (0: it does; -1: it never will), and until all is there again.
--
-- Every number is whole and below 2^53, every quotient is of less than 2^52: doubles are exact.

local function div(a, b) return math.floor(a / b) end
local function up(a, b) return math.floor((a + b - 1) / b) end
local function text(number) return string.format("%.0f", number) end

local function numbers(value)
  local found = {}
  for part in string.gmatch(value, "%d+") do found[#found + 1] = tonumber(part) end
  return found
end

-- Each has the functions of its namesake: wait, take (which returns what to store), left.
local algorithms = {}

local function level(rule, now)
  local full = rule.most * rule.window
  if not rule.state then return full end
  return math.min(full, rule.state[2] + (now - rule.state[1]) * rule.limit)
end
algorithms["token-bucket"] = {
  wait = function(rule, now)
    local missing = rule.cost * rule.window - level(rule, now)
    return missing > 0 and up(missing, rule.limit) or 0
  end,
  take = function(rule, now) return {now, level(rule, now) - rule.cost * rule.window} end,
  left = function(rule, now)
    local there = level(rule, now)
    return div(there, rule.window), up(rule.most * rule.window - there, rule.limit)
  end,
}

local function debt(rule, now)
  if not rule.state then return 0 end
  return math.max(0, (rule.state[2] - now) * rule.limit + rule.state[3])
end
algorithms["gcra"] = {
  wait = function(rule, now)
    local over = debt(rule, now) + (rule.cost - rule.most) * rule.window
    return over > 0 and up(over, rule.limit) or 0
  end,
  take = function(rule, now)
    local owed = debt(rule, now) + rule.cost * rule.window
    local ticks = div(owed, rule.limit)
    return {now, now + ticks, owed - ticks * rule.limit}
  end,
  left = function(rule, now)
    local owed = debt(rule, now)
    return div(rule.most * rule.window - owed, rule.window), up(owed, rule.limit)
  end,
}

local function over_of(rule, now) return now - div(now, rule.window) * rule.window end

local function count(rule, now)
  if not rule.state or rule.state[1] < now - over_of(rule, now) then return 0 end
  return rule.state[2]
end
algorithms["fixed-window"] = {
  wait = function(rule, now)
    return count(rule, now) + rule.cost > rule.limit and rule.window - over_of(rule, now) or 0
  end,
  take = function(rule, now) return {now, count(rule, now) + rule.cost} end,
  left = function(rule, now)
    local taken = count(rule, now)
    return rule.limit - taken, taken > 0 and rule.window - over_of(rule, now) or 0
  end,
}

local function counts(rule, now)
  local over = over_of(rule, now)
  local state = rule.state
  if not state or state[1] < now - over - rule.window then return 0, 0, over end
  if state[1] < now - over then return 0, state[2], over end
  return state[2], state[3], over
end
algorithms["sliding-window-counter"] = {
  wait = function(rule, now)
    local taken, before, over = counts(rule, now)
    local window, missing = rule.window, taken + rule.cost - rule.limit
    if before * (window - over) + missing * window <= 0 then return 0 end
    if missing <= 0 then return up((before + missing) * window, before) - over end
    return window - over + up(missing * window, taken)
  end,
  take = function(rule, now)
    local taken, before = counts(rule, now)
    return {now, taken + rule.cost, before}
  end,
  left = function(rule, now)
    local taken, before, over = counts(rule, now)
    local there = div((rule.limit - taken) * rule.window - before * (rule.window - over), rule.window)
    return math.max(0, there), taken > 0 and 2 * rule.window - over or before > 0 and rule.window - over or 0
  end,
}

-- A list of "time:all before:cost". What it sums up to is the difference of two, so that no entry is read twice.
local function each(key, first, see)
  local size = 1  -- most often the first is enough
  while true do
    local found = redis.call("LRANGE", key, first, first + size - 1)
    for number, value in ipairs(found) do
      if see(first + number - 1, numbers(value)) then return end
    end
    if #found < size then return end
    first, size = first + size, math.min(2 * size, 256)
  end
end
local function alive(rule, now)
  if not rule.state then return 0, 0 end
  local total, first = 0, rule.size
  if rule.state[1] > now - rule.window then
    each(rule.key, 0, function(number, entry)
      if entry[1] > now - rule.window then
        total, first = rule.state[2] + rule.state[3] - entry[2], number
        return true
      end
    end)
  end
  return total, first
end
algorithms["sliding-window"] = {
  load = function(rule)
    rule.size = redis.call("LLEN", rule.key)
    local newest = rule.size > 0 and redis.call("LINDEX", rule.key, -1)
    return newest and numbers(newest)
  end,
  wait = function(rule, now)
    local total, first = alive(rule, now)
    local over, time = total + rule.cost - rule.limit, nil
    if over <= 0 then return 0 end
    each(rule.key, first, function(_, entry)
      over, time = over - entry[3], entry[1]
      return over <= 0
    end)
    return time + rule.window - now
  end,
  store = function(rule, now)
    local _, first = alive(rule, now)
    local before = rule.state and rule.state[2] + rule.state[3] or 0
    if first >= rule.size then
      redis.call("DEL", rule.key)
      rule.size, before = 0, 0
    elseif first > 0 then
      redis.call("LTRIM", rule.key, first, -1)
      rule.size = rule.size - first
    end
    redis.call("RPUSH", rule.key, text(now) .. ":" .. text(before) .. ":" .. text(rule.cost))
    rule.state, rule.size = {now, before, rule.cost}, rule.size + 1
  end,
  left = function(rule, now)
    local total = alive(rule, now)
    return rule.limit - total, total > 0 and rule.state[1] + rule.window - now or 0
  end,
}

local time = tonumber(ARGV[2])
local expires = not time
if expires then
  local parts = redis.call("TIME")
  time = parts[1] * 1000000 + parts[2]
end

local rules, passes = {}, true
for number, key in ipairs(KEYS) do
  local at = 7 * number - 4
  local how = algorithms[ARGV[at]]
  local rule = {
    key = key, how = how, limit = tonumber(ARGV[at + 1]), window = tonumber(ARGV[at + 2]),
    most = tonumber(ARGV[at + 3]), scale = tonumber(ARGV[at + 4]), cost = tonumber(ARGV[at + 5]),
  }
  if how.load then
    rule.state = how.load(rule)
  else
    local value = redis.call("GET", key)
    rule.state = value and numbers(value)
  end
  local now = div(time, rule.scale)
  rule.now = rule.state and math.max(now, rule.state[1]) or now  -- a clock that went back stands still
  rule.lag = rule.now - now
  if rule.cost > rule.most then
    rule.wait = -1
  else
    rule.wait = how.wait(rule, rule.now)
    if rule.wait > 0 then rule.wait = (rule.wait + rule.lag) * rule.scale end
  end
  if rule.wait ~= 0 and ARGV[at + 6] == "1" then passes = false end
  rules[number] = rule
end

local answer = {passes and 1 or 0, time}
for _, rule in ipairs(rules) do
  local how, taken = rule.how, passes and ARGV[1] == "take" and rule.wait == 0
  if taken and how.store then
    how.store(rule, rule.now)
  elseif taken then
    rule.state = how.take(rule, rule.now)
  end
  local left, reset = how.left(rule, rule.now)
  if reset > 0 then reset = (reset + rule.lag) * rule.scale end
  if taken then
    if not how.store then
      local state = {}
      for number, value in ipairs(rule.state) do state[number] = text(value) end
      redis.call("SET", rule.key, table.concat(state, ":"))
    end
    if expires then redis.call("PEXPIRE", rule.key, text(math.floor(reset / 1000) + 1)) end
  end
  answer[#answer + 1] = left
  answer[#answer + 1] = rule.wait
  answer[#answer + 1] = reset
end
return answer
