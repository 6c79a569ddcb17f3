-- Sends what is typed to a program: as it is to its terminal, or line by line to its pipe.
local line_discipline = require('codebeaker.line_discipline')

local M = {}

--- For a program with a terminal.
local function to_terminal(job, id)
  return function(keys)
    job.daemon:notify('command/input', { commandId = id, data = keys })
  end
end

local function send_signal(job, id, name)
  job.daemon:send('command/signal', { commandId = id, signal = name }, function() end)
end

--- For a program with pipes.
local function to_pipe(job, id)
  return line_discipline.new({
    echo = function(text)
      job.view:write_now(text)
    end,
    send = function(text)
      job.daemon:notify('command/input', { commandId = id, data = text })
    end,
    finish = function()
      job.daemon:notify('command/input', { commandId = id, data = '', ['end'] = true })
    end,
    signal = function(name)
      send_signal(job, id, name)
    end,
  })
end

--- For a program whose input was given: only the keys that send a signal have an effect.
local function signals_only(job, id)
  return line_discipline.new({
    echo = function(text)
      if vim.startswith(text, '^') then
        job.view:write_now(text)
      end
    end,
    send = function() end,
    finish = function() end,
    signal = function(name)
      send_signal(job, id, name)
    end,
  })
end

--- @param job Job
--- @param id string the command's id
--- @param has_pty boolean whether the program has a terminal
--- @param given boolean whether its input has been given already
--- @return function type takes keys as the terminal sends them
function M.to_program(job, id, has_pty, given)
  local connect = has_pty and to_terminal or given and signals_only or to_pipe
  return connect(job, id)
end

return M
