-- How often a daemon may crash before it is left alone: not five times within three minutes.
local MAX = 5
local WINDOW_MS = 3 * 60 * 1000

local M = {}

--- @param now function milliseconds of a clock that only goes forward
--- @return function crashed counts one; returns whether to start again, and how many there were lately
function M.counter(now)
  local times = {}
  return function()
    local time = now()
    times = vim.tbl_filter(function(before)
      return time - before < WINDOW_MS
    end, times)
    table.insert(times, time)
    return #times < MAX, #times
  end
end

return M
