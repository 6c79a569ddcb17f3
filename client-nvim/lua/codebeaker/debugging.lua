-- :SandboxDebug: debugs the file of a buffer in a sandbox. nvim-dap is the debugger that the person sees, and `codebeaker dap`
-- is its debug adapter, with a daemon of its own or that of the option `server`.
local config = require('codebeaker.config')
local language = require('codebeaker.language')
local messages = require('codebeaker.messages')
local nvim_dap = require('codebeaker.nvim_dap')
local packages = require('codebeaker.packages')
local trust = require('codebeaker.trust')

local M = {}

--- The name of the adapter, which the configurations of a person may use too.
local ADAPTER = 'codebeaker'
local NAME = 'Debug in Sandbox'

--- An empty table would become a list.
local function nil_if_empty(map)
  return next(map) and map or nil
end

--- What nvim-dap starts. The options of `setup` may have changed since the last time.
local function adapter(use)
  local command = config.adapter_command()
  if not command then
    return messages.error('codebeaker is not on PATH; install it, or set the option `command`')
  end
  use({ type = 'executable', command = command[1], args = vim.list_slice(command, 2), options = { initialize_timeout_sec = 30 } })
end

--- What `codebeaker dap` is told of a program, each as a function: the options of `setup`, and what is remembered for the
--- buffer. A function of the option `secrets` is called for nothing else.
local members = {
  cwd = function(source)
    return source.folder
  end,
  -- Without trust the file goes alone.
  folder = function(_, _, folder)
    return folder or false
  end,
  language = function(source)
    return source.language
  end,
  args = function(_, run_options)
    return nil_if_empty(run_options.args or config.get().args)
  end,
  env = function(_, run_options)
    return nil_if_empty(vim.tbl_extend('force', config.get().env, run_options.env or {}))
  end,
  runtime = function()
    return config.get().runtime
  end,
  preference = function()
    return config.get().preference
  end,
  limits = function()
    return nil_if_empty(config.get().limits)
  end,
  network = function()
    return config.network()
  end,
  secrets = function()
    return config.secrets()
  end,
  secretNames = function()
    return config.secret_names()
  end,
  packages = function(source, run_options, folder)
    return packages.needed(source.language, folder, run_options.packages)
  end,
}

local function path_of(source)
  return source.folder .. '/' .. source.name
end

--- The folder that may go along.
local function trusted_folder(source)
  return trust.root(config.get().trusted, source.folder) and source.folder or nil
end

--- @param source Source
--- @param run_options RunOptions
--- @return table
local function launch(source, run_options)
  local folder = trusted_folder(source)
  local program = path_of(source)
  -- nvim-dap ends the session that has the name of the one that begins.
  local result = { type = ADAPTER, request = 'launch', name = NAME .. ': ' .. vim.fn.fnamemodify(program, ':~:.'), program = program }
  for name, value in pairs(members) do
    result[name] = value(source, run_options, folder)
  end
  return result
end

--- Why the buffer cannot be debugged. nil: it can.
local function fault_of(source)
  if not language.is_debuggable(source.language) then
    return ('programs in %s cannot be debugged in a sandbox; :SandboxRun runs them'):format(source.language)
  elseif not source.folder or vim.fn.filereadable(path_of(source)) == 0 then
    return 'a buffer without a file cannot be debugged; write it to a file first'
  elseif vim.bo[source.bufnr].modified then
    return 'the buffer has changes that are not in its file, which is what is debugged; write it first, with :write'
  end
end

--- The program of the entry: the file of the current buffer, or else nothing is launched.
local function current_program()
  local source, fault = require('codebeaker.source').of(vim.api.nvim_get_current_buf())
  fault = source and fault_of(source) or fault
  if fault then
    messages.error(fault)
    return require('dap').ABORT
  end
  return path_of(source)
end

--- The same for whatever buffer is the current one, as an entry of nvim-dap, which calls the functions when it is used.
local function entry()
  local result = { type = ADAPTER, request = 'launch', name = NAME, program = current_program }
  for name, value in pairs(members) do
    result[name] = function()
      local bufnr = vim.api.nvim_get_current_buf()
      local source = require('codebeaker.source').of(bufnr)
      if source and source.folder then
        return value(source, require('codebeaker.remembered').of(bufnr), trusted_folder(source))
      end
    end
  end
  return result
end

local offered = false

--- Gives nvim-dap the adapter, and an entry for each language, so that :DapContinue offers it. Once is enough.
--- @param load boolean|nil whether nvim-dap is wanted now
--- @return table|nil dap
function M.register(load)
  local dap = nvim_dap.find(load)
  if not dap then
    return nil
  end
  dap.adapters[ADAPTER] = dap.adapters[ADAPTER] or adapter
  if config.get().dap and not offered then
    offered = true
    for _, filetype in ipairs(language.debuggable_filetypes()) do
      dap.configurations[filetype] = vim.list_extend(dap.configurations[filetype] or {}, { entry() })
    end
  end
  return dap
end

local MISSING = 'nvim-dap is not installed: it shows breakpoints and variables, and :SandboxDebug needs it (the plugin mfussenegger/nvim-dap)'
local RUN, NOT_NOW = 'Run without a debugger', 'Not now'

--- Must be called inside `async.go`.
local function offer_to_run(source, run_options)
  local choice = require('codebeaker.async').await(function(done)
    require('codebeaker.question').select({ RUN, NOT_NOW }, { prompt = MISSING .. '.' }, done)
  end)
  if choice == RUN then
    require('codebeaker.run').start(source, run_options)
  end
end

--- Must be called inside `async.go`.
--- @param source Source
--- @param run_options RunOptions
function M.start(source, run_options)
  local fault = fault_of(source)
  if fault then
    return messages.error(fault)
  end
  local dap = M.register(true)
  if not dap then
    return offer_to_run(source, run_options)
  end
  local url = config.server_url()
  if url and not config.debugging_url() then
    messages.warn(('the program is debugged on this machine, and not by the daemon at %s, because its token is in no file'):format(url))
  end
  dap.run(launch(source, run_options))
end

return M
