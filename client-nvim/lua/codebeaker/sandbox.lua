-- A session of a daemon, made as the options say.
local config = require('codebeaker.config')

local M = {}

--- Why a folder was not copied although it is trusted. The program may well run without its neighbours.
local withoutFolder = { PolicyDenied = true, NotTrusted = true, FileNotFound = true, DiskFull = true, FileTooLarge = true }

local tokens = 0

local function progressOf(daemon, report)
  tokens = tokens + 1
  local token = 'codebeaker-nvim-' .. tokens
  daemon.progress[token] = function(value)
    if value.kind ~= 'end' then
      local share = value.percentage and (' %d %%'):format(value.percentage) or ''
      report((value.message or value.title or '') .. share)
    end
  end
  return token
end

local function object(map)
  return next(map) and map or nil
end

--- Inside `async.go`.
--- @param wish { language: string|nil, runtime: string|nil, folder: string|nil, label: string, env: table|nil }
--- @param hooks { report: function, sent: function } `report` gets the progress in words, `sent` each request's id
--- @return table|nil fault, table|nil session, string|nil refusal why the folder was not copied
function M.create(daemon, wish, hooks)
  local options = config.get()
  local token = progressOf(daemon, hooks.report)
  local params = {
    language = wish.language,
    label = wish.label,
    runtime = wish.runtime or options.runtime,
    preference = options.preference,
    limits = object(options.limits),
    env = object(vim.tbl_extend('force', options.env, wish.env or {})),
    workspace = wish.folder and { uri = vim.uri_from_fname(wish.folder), access = 'copy' } or nil,
    workDoneToken = token,
  }
  local fault, session = daemon:call('session/create', params, hooks.sent)
  local refusal
  if fault and params.workspace and withoutFolder[fault.data and fault.data.kind] then
    refusal = fault.message
    params.workspace = nil
    fault, session = daemon:call('session/create', params, hooks.sent)
  end
  daemon.progress[token] = nil
  return fault, session, refusal
end

--- Nobody waits for it: what cannot be closed is gone.
function M.close(daemon, session)
  daemon:send('session/close', { sessionId = session.sessionId }, function() end)
end

return M
