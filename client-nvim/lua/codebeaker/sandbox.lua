-- Creates and closes sessions, with the options of `setup`.
local config = require('codebeaker.config')

local M = {}

--- Errors that can be about the folder alone: the code may still run without it.
local folder_errors = { PolicyDenied = true, NotTrusted = true, FileNotFound = true, DiskFull = true, FileTooLarge = true }

local last_token_number = 0

--- @return string token for the progress of one request
local function new_progress_token(daemon, on_progress)
  last_token_number = last_token_number + 1
  local token = 'codebeaker-nvim-' .. last_token_number
  daemon.on_progress[token] = function(value)
    if value.kind ~= 'end' then
      local percentage = value.percentage and (' %d %%'):format(value.percentage) or ''
      on_progress((value.message or value.title or '') .. percentage)
    end
  end
  return token
end

--- An empty table would become a JSON array.
local function nil_if_empty(map)
  return next(map) and map or nil
end

--- Must be called inside `async.go`.
--- @param spec { language: string|nil, runtime: string|nil, program: table|nil, packages: table|nil, folder: string|nil, label: string, env: table|nil }
--- @param on { on_progress: function, on_sent: function } `on_progress` gets the progress in words, `on_sent` each request's id
--- @return table|nil fault
--- @return table|nil session
--- @return string|nil refusal why the folder was not copied
function M.create(daemon, spec, on)
  local options = config.get()
  local token = new_progress_token(daemon, on.on_progress)
  local params = {
    language = spec.language,
    label = spec.label,
    runtime = spec.runtime or options.runtime,
    preference = options.preference,
    limits = nil_if_empty(options.limits),
    network = config.network(),
    env = nil_if_empty(vim.tbl_extend('force', options.env, spec.env or {})),
    secrets = config.secrets(),
    secretNames = config.secret_names(),
    program = spec.program,
    packages = spec.packages,
    workspace = spec.folder and { uri = vim.uri_from_fname(spec.folder), access = 'copy' } or nil,
    workDoneToken = token,
  }
  local refusal
  local fault, session = daemon:call('session/create', params, on.on_sent)
  if fault and params.workspace and folder_errors[fault.data and fault.data.kind] then
    refusal = fault.message
    params.workspace = nil
    -- A manifest is in the folder.
    params.packages = spec.packages and spec.packages.names and { names = spec.packages.names } or nil
    fault, session = daemon:call('session/create', params, on.on_sent)
  end
  daemon.on_progress[token] = nil
  return fault, session, refusal
end

--- Does not wait for the answer: a session that cannot be closed is closed already.
function M.close(daemon, session)
  daemon:send('session/close', { sessionId = session.sessionId }, function() end)
end

return M
