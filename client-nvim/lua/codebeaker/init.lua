-- The functions behind the commands, and `setup`, which is optional.
local M = {}

--- Calls `act` in a coroutine with the buffer, what is to be run of it, and what is remembered for it; or says why nothing can be run.
--- @param range? integer[]
--- @param act fun(bufnr: integer, source: table, known: table)
local function with_source(range, act)
  local bufnr = vim.api.nvim_get_current_buf()
  local source, fault = require('codebeaker.source').of(bufnr, range)
  if not source then
    return require('codebeaker.messages').error(fault)
  end
  require('codebeaker.async').go(function()
    act(bufnr, source, require('codebeaker.remembered').of(bufnr))
  end)
end

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
  with_source(options.range, function(bufnr, source, known)
    if options.range and not options.ask then
      known = { env = known.env, packages = known.packages }
    end
    local run_options = { args = options.args or known.args, env = options.env or known.env, stdin = options.stdin or known.stdin, packages = known.packages }
    if options.ask then
      run_options = require('codebeaker.ask').run_options(source.name, run_options)
      if not run_options then
        return
      end
      run_options.packages, run_options.offers = known.packages, known.offers
      require('codebeaker.remembered').remember(bufnr, run_options)
    end
    require('codebeaker.run').start(source, run_options)
  end)
end

--- Debugs the file of the current buffer, with nvim-dap. What is not given is taken from what is remembered for the buffer.
--- @param options { args?: string[], env?: table<string, string>, ask?: boolean } ask: whether to ask for args and env, and to remember them
function M.debug(options)
  options = options or {}
  with_source(nil, function(bufnr, source, known)
    local run_options = { args = options.args or known.args, env = options.env or known.env, stdin = known.stdin, packages = known.packages, offers = known.offers }
    if options.ask then
      local answers = require('codebeaker.ask').run_options(source.name, run_options, true)
      if not answers then
        return
      end
      run_options.args, run_options.env = answers.args, answers.env
      require('codebeaker.remembered').remember(bufnr, run_options)
    end
    require('codebeaker.debugging').start(source, run_options)
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
