-- A daemon: started when first needed, started again when it crashes, but not for ever.
local await = require('codebeaker.async').await
local config = require('codebeaker.config')
local crashes = require('codebeaker.crashes')
local log = require('codebeaker.log')
local rpc = require('codebeaker.rpc')
local tell = require('codebeaker.tell')

--- @class Daemon
--- @field root string|nil  the trusted folder it may copy from
--- @field version string|nil  nil until it has said so
local Daemon = {}
Daemon.__index = Daemon

local M = {}

--- @param root string|nil
--- @param now function|nil milliseconds of a clock that only goes forward
function M.new(root, now)
  return setmetatable({
    root = root,
    state = 'down', -- 'down' | 'starting' | 'ready'
    count_crash = crashes.counter(now or vim.loop.now),
    starting = {},
    pending = {},
    commands = {},
    progress = {},
  }, Daemon)
end

local function gone(text)
  return { message = text .. '; its log is ' .. log.path(), data = { kind = 'DaemonGone' } }
end

--- Calls `go(fault)` when the daemon is ready to be asked, or cannot be.
function Daemon:when_ready(go)
  if self.state == 'ready' then
    return go()
  end
  table.insert(self.starting, go)
  if self.state == 'down' then
    self:start()
  end
end

function Daemon:started(state, fault)
  self.state = state
  local waiting = self.starting
  self.starting = {}
  for _, go in ipairs(waiting) do
    go(fault)
  end
end

function Daemon:start()
  self.state = 'starting'
  local command = config.command()
  if not command then
    local what = 'codebeaker is not on PATH; install it, or name the command in setup{}'
    return self:started('down', { message = what })
  end
  local connection
  connection = rpc.start(command, {
    notification = function(method, params)
      self:heard(method, params)
    end,
    exit = function(code, signal)
      self:ended(connection, code, signal)
    end,
  })
  if not connection then
    return self:started('down', { message = command[1] .. ' cannot be started; is it installed?' })
  end
  self.connection = connection
  self:send('initialize', self:introduction(), function(fault, result)
    if fault then
      return self:started('down', fault)
    end
    self.version = result.serverInfo.version
    connection.notify('initialized', vim.empty_dict())
    self:started('ready')
  end)
end

function Daemon:introduction()
  local version = vim.version()
  return {
    processId = vim.loop.os_getpid(),
    clientInfo = { name = 'neovim', version = ('%d.%d.%d'):format(version.major, version.minor, version.patch) },
    protocolVersions = { '1.0' },
    trusted = self.root ~= nil,
    workspaceFolders = self.root and { { uri = vim.uri_from_fname(self.root), name = self.root } } or nil,
    capabilities = {
      output = { flowControl = true },
      session = { stateChanged = true },
      window = { workDoneProgress = true, showMessage = vim.empty_dict() },
    },
  }
end

--- The process is gone: nothing that was asked will be answered.
function Daemon:ended(connection, code, signal)
  if self.connection ~= connection then
    return
  end
  local awaited = #self.starting > 0
  self.connection, self.state = nil, 'down'
  local how = signal ~= 0 and ('by signal %d'):format(signal) or ('with code %d'):format(code)
  local fault = gone('the daemon ended ' .. how)
  local pending = self.pending
  self.pending, self.commands, self.progress = {}, {}, {}
  for _, answer in pairs(pending) do
    answer(fault)
  end
  if awaited then
    self:started('down', fault)
  else
    self:crashed()
  end
end

function Daemon:crashed()
  local again, count = self.count_crash()
  if again then
    tell.warn('the daemon crashed and is started again')
    return self:start()
  end
  local text = 'the daemon crashed %d times within 3 minutes and is not started again until it is needed'
  tell.error(gone(text:format(count)).message)
end

function Daemon:send(method, params, answer)
  local id
  local function settle(fault, result)
    self.pending[id] = nil
    answer(fault, result)
  end
  id = self.connection and self.connection.request(method, params, settle)
  if id then
    self.pending[id] = answer
  else
    answer(gone('the daemon is gone'))
  end
  return id
end

--- Asks and waits, inside `async.go`.
--- @param sent function|nil gets the id of the request, for `cancel`
--- @return table|nil fault, any result
function Daemon:call(method, params, sent)
  local fault = await(function(go)
    self:when_ready(go)
  end)
  if fault then
    return fault
  end
  return await(function(answer)
    local id = self:send(method, params, answer)
    if sent then
      sent(id)
    end
  end)
end

function Daemon:notify(method, params)
  if self.connection then
    self.connection.notify(method, params)
  end
end

function Daemon:cancel(id)
  self:notify('$/cancelRequest', { id = id })
end

function Daemon:heard(method, params)
  if method == 'command/output' then
    local command = self.commands[params.commandId]
    if command then
      command(params)
    end
  elseif method == '$/progress' then
    local show = self.progress[params.token]
    if show then
      show(params.value)
    end
  elseif method == 'session/stateChanged' then
    vim.cmd('silent doautocmd <nomodeline> User CodebeakerSessions')
  elseif method == 'window/showMessage' then
    (params.type == 1 and tell.error or params.type == 2 and tell.warn or tell.info)(params.message)
  end
end

return M
