-- How an execution ended, in words.
local M = {}

local function size(bytes)
  local units = { 'B', 'KiB', 'MiB', 'GiB' }
  local unit = 1
  while bytes >= 1024 and unit < #units do
    bytes, unit = bytes / 1024, unit + 1
  end
  return ('%s %s'):format(('%.1f'):format(bytes):gsub('%.0$', ''), units[unit])
end

local function time(ms)
  return ms < 10000 and ('%.2f s'):format(ms / 1000) or ('%.1f s'):format(ms / 1000)
end

local words = {
  exited = function(result)
    return result.exitCode and ('exit code %d'):format(result.exitCode) or 'ended'
  end,
  signaled = function(result)
    return 'ended by ' .. (result.signal or 'a signal')
  end,
  cancelled = function()
    return 'stopped'
  end,
  timedOut = function(_, limits)
    return 'time limit hit: ' .. time(limits.timeoutMs)
  end,
  memoryLimit = function(_, limits)
    return 'memory limit hit: ' .. size(limits.memoryBytes)
  end,
  outputLimit = function(_, limits)
    return 'output limit hit: ' .. size(limits.outputBytes)
  end,
  sandboxLost = function()
    return 'the sandbox was lost'
  end,
}

--- @return string words, boolean good
function M.describe(result, limits)
  local describe = words[result.outcome]
  local text = describe and describe(result, limits) or result.outcome
  return ('%s after %s'):format(text, time(result.durationMs)), result.outcome == 'exited' and result.exitCode == 0
end

--- A line for the end of the output.
function M.line(text, good, more)
  local colour = good and 32 or 31
  return ('\27[0m\r\n\27[%dm[%s]\27[0m\27[2m%s\27[0m'):format(colour, text, more and ' ' .. more or '')
end

return M
