-- Where typed keys go: to the program's terminal, or by a pipe in lines, or nowhere.
local keyboard = require('codebeaker.keyboard')

local M = {}

--- Keys go to the program's terminal as they are.
local function raw(job, id)
  return function(keys)
    job.daemon:notify('command/input', { commandId = id, data = keys })
  end
end

local function interrupt(job, id)
  job.daemon:send('command/signal', { commandId = id, signal = 'SIGINT' }, function() end)
end

--- Keys become lines first.
local function cooked(job, id)
  local function input(message)
    job.daemon:notify('command/input', vim.tbl_extend('force', { commandId = id }, message))
  end
  return keyboard.new({
    echo = function(text)
      job.view:put(text)
    end,
    line = function(text)
      input({ data = text })
    end,
    close = function()
      input({ data = '', ['end'] = true })
    end,
    interrupt = function()
      interrupt(job, id)
    end,
  })
end

--- Of all keys Ctrl-C alone means something.
local function deaf(job, id)
  return function(keys)
    if keys:find('\3', 1, true) then
      job.view:put('^C\r\n')
      interrupt(job, id)
    end
  end
end

--- @param job table
--- @param id string of the command
--- @param terminal boolean whether the program has one
--- @param given boolean whether its input has been given already
--- @return function typed takes keys as the terminal sends them
function M.into(job, id, terminal, given)
  local to = terminal and raw or given and deaf or cooked
  return to(job, id)
end

return M
