-- Counts how often a daemon crashes, and decides when it is not started again.
local MAX_CRASHES = 5
local WINDOW_MS = 3 * 60 * 1000

local M = {}

--- @return function add takes the time of a crash, and returns whether it is the fifth within three minutes; then the count
---   begins anew
function M.new_counter()
  local times = {}
  return function(now)
    times = vim.tbl_filter(function(time)
      return now - time < WINDOW_MS
    end, times)
    table.insert(times, now)
    if #times < MAX_CRASHES then
      return false
    end
    times = {}
    return true
  end
end

return M
