-- The last line of a run: how the program ended, which limit it hit, what it used.
local units = require('codebeaker.units')

local M = {}

--- Outcome → how the program ended, in words.
local endings = {
  exited = function(execution)
    return execution.exitCode and ('exited with code %d'):format(execution.exitCode) or 'ended; its exit code is not known'
  end,
  signaled = function(execution)
    return 'ended by ' .. (execution.signal or 'a signal')
  end,
  cancelled = function()
    return 'stopped'
  end,
  timedOut = function(_, limits)
    return ('stopped: it ran longer than %s (limits.timeoutMs)'):format(units.duration(limits.timeoutMs))
  end,
  memoryLimit = function(_, limits)
    return ('stopped: it used more than %s of memory (limits.memoryBytes)'):format(units.bytes(limits.memoryBytes))
  end,
  outputLimit = function(_, limits)
    return ('stopped: it printed more than %s (limits.outputBytes)'):format(units.bytes(limits.outputBytes))
  end,
  sandboxLost = function()
    return 'the sandbox was lost while it ran; run it again'
  end,
}

--- Whether the program failed by itself, so that its output may tell where.
function M.failed(execution)
  return execution.outcome == 'exited' and execution.exitCode ~= 0
    or execution.outcome == 'signaled' and execution.signal ~= 'SIGINT'
end

--- @param details string[] shown behind the ending, in a fainter colour
function M.line(good, text, details)
  local mark = good and '\27[32m✓\27[39m' or '\27[31m✗\27[39m'
  local more = table.concat(vim.tbl_map(function(detail)
    return ' · ' .. detail
  end, details))
  return ('%s %s\27[2m%s\27[22m'):format(mark, text, more)
end

--- The line of a program that was executed in a session.
function M.of_execution(execution, session)
  local ending = endings[execution.outcome]
  local text = ending and ending(execution, session.limits) or execution.outcome
  if execution.quota then
    text = ('stopped: it used up the quota %s of the configuration'):format(execution.quota)
  end
  local details = { units.duration(execution.durationMs) }
  if execution.usage and execution.usage.peakMemoryBytes > 0 then
    table.insert(details, units.bytes(execution.usage.peakMemoryBytes))
  end
  table.insert(details, ('%s, isolation %d of 10'):format(session.runtime, session.isolation.score))
  return M.line(execution.outcome == 'exited' and execution.exitCode == 0, text, details)
end

return M
