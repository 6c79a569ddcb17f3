-- What the commands do, as functions. `require('codebeaker').setup{}` is optional.
local M = {}

--- Options: see :help codebeaker-options. What is not named keeps its default.
function M.setup(options)
  require('codebeaker.config').set(options or {})
end

--- Runs the current buffer.
--- @param options { range?: integer[], args?: string[] } range: first and last line, counted from 1
function M.run(options)
  options = options or {}
  local source, fault = require('codebeaker.source').of(vim.api.nvim_get_current_buf(), options.range)
  if not source then
    return require('codebeaker.tell').error(fault)
  end
  require('codebeaker.run').start(source, options.args)
end

--- Stops what was run from the current buffer, or writes into it. With `all`, everything.
--- @param options { all?: boolean }
function M.stop(options)
  local all = options and options.all
  local stopped = require('codebeaker.jobs').stop(not all and vim.api.nvim_get_current_buf() or nil)
  if stopped == 0 then
    require('codebeaker.tell').info('nothing runs')
  end
end

--- Opens a shell in a new sandbox, or in the session of a daemon that is given.
--- @param options { language?: string, daemon?: table, session?: table }
function M.shell(options)
  require('codebeaker.shell').open(options or {})
end

--- Lists the open sessions.
function M.sessions()
  require('codebeaker.sessions').open()
end

return M
