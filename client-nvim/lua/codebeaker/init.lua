-- The functions behind the commands, and `setup`, which is optional.
local M = {}

--- Sets the options: see :help codebeaker-options. Options that are not given get their default.
function M.setup(options)
  require('codebeaker.config').set(options or {})
end

--- Runs the current buffer. What is not given is taken from what is remembered for the buffer; for a range, only the
--- environment is.
--- @param options { range?: integer[], args?: string[], env?: table<string, string>, stdin?: string, ask?: boolean }
---   range: the first and the last line, counted from 1; ask: whether to ask for args, env and stdin, and to remember them
function M.run(options)
  options = options or {}
  local bufnr = vim.api.nvim_get_current_buf()
  local source, fault = require('codebeaker.source').of(bufnr, options.range)
  if not source then
    return require('codebeaker.messages').error(fault)
  end
  local remembered = require('codebeaker.remembered')
  local known = remembered.of(bufnr)
  if options.range and not options.ask then
    known = { env = known.env, packages = known.packages }
  end
  local run_options = { args = options.args or known.args, env = options.env or known.env, stdin = options.stdin or known.stdin, packages = known.packages }
  require('codebeaker.async').go(function()
    if options.ask then
      run_options = require('codebeaker.ask').run_options(source.name, run_options)
      if not run_options then
        return
      end
      run_options.packages, run_options.offers = known.packages, known.offers
      remembered.remember(bufnr, run_options)
    end
    require('codebeaker.run').start(source, run_options)
  end)
end

--- Installs packages for the runs of the current buffer: those with these names, and those of the manifest in its folder.
--- @param names string[]
function M.install(names)
  local source, fault = require('codebeaker.source').of(vim.api.nvim_get_current_buf())
  if not source then
    return require('codebeaker.messages').error(fault)
  end
  require('codebeaker.async').go(function()
    require('codebeaker.packages').install(source, names)
  end)
end

--- Remembers what the current buffer is run with; `{}` forgets it.
--- @param run_options { args?: string[], env?: table<string, string>, stdin?: string }
function M.remember(run_options)
  require('codebeaker.remembered').remember(vim.api.nvim_get_current_buf(), run_options)
end

--- Stops the programs that were run from the current buffer, or whose output it shows. With `all`, stops every program.
--- @param options { all?: boolean }
function M.stop(options)
  local all = options and options.all
  local stopped = require('codebeaker.jobs').stop(not all and vim.api.nvim_get_current_buf() or nil)
  if stopped == 0 then
    local where = all and '' or ' from or in this buffer; :SandboxStop! stops all programs'
    require('codebeaker.messages').info('no program runs' .. where)
  end
end

--- Opens a shell in a new sandbox, or in a session if one is given with its daemon.
--- @param options { language?: string, daemon?: table, session?: table }
function M.shell(options)
  require('codebeaker.shell').open(options or {})
end

--- Lists what the program of the current buffer made or changed in its sandbox.
function M.files()
  require('codebeaker.files').open()
end

--- Lists what ran in sandboxes.
function M.history()
  require('codebeaker.history').open()
end

--- Lists the open sessions.
function M.sessions()
  require('codebeaker.sessions').open()
end

return M
