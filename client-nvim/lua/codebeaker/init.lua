-- What the commands do, as functions. `require('codebeaker').setup{}` is optional.
local M = {}

--- Options: see :help codebeaker-options. What is not named keeps its default.
function M.setup(options)
  require('codebeaker.config').set(options or {})
end

--- Runs the current buffer. What is not given is what is remembered for it; for a range, the environment alone is.
--- @param options { range?: integer[], args?: string[], env?: table<string, string>, stdin?: string, ask?: boolean }
---   range: first and last line, counted from 1; ask: asks for the rest, and remembers it
function M.run(options)
  options = options or {}
  local bufnr = vim.api.nvim_get_current_buf()
  local source, fault = require('codebeaker.source').of(bufnr, options.range)
  if not source then
    return require('codebeaker.tell').error(fault)
  end
  local remembered = require('codebeaker.remembered')
  local with = remembered.of(bufnr)
  if options.range and not options.ask then
    with = { env = with.env }
  end
  with = { args = options.args or with.args, env = options.env or with.env, stdin = options.stdin or with.stdin }
  require('codebeaker.async').go(function()
    if options.ask then
      with = require('codebeaker.ask').with(source.name, with)
      if not with then
        return
      end
      remembered.remember(bufnr, with)
    end
    require('codebeaker.run').start(source, with)
  end)
end

--- Remembers what the current buffer is run with; `{}` forgets it.
--- @param with { args?: string[], env?: table<string, string>, stdin?: string }
function M.remember(with)
  require('codebeaker.remembered').remember(vim.api.nvim_get_current_buf(), with)
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
