-- One daemon: started when it is first needed, and again when it crashes, unless it crashes too often.
local access = require('codebeaker.access')
local await = require('codebeaker.async').await
local config = require('codebeaker.config')
local crashes = require('codebeaker.crashes')
local findings = require('codebeaker.findings')
local log = require('codebeaker.log')
local messages = require('codebeaker.messages')
local ports = require('codebeaker.ports')
local rpc = require('codebeaker.rpc')

--- @class Daemon
--- @field root string|nil  the trusted folder that it may copy from
--- @field state 'down'|'starting'|'ready'
--- @field version string|nil  the version that it told in its answer to `initialize`
--- @field on_command_output table<string, function>  command id → who gets its output
--- @field on_progress table<string, function>  progress token → who gets the progress
local Daemon = {}
Daemon.__index = Daemon

local M = {}

--- @param root string|nil
--- @param now function|nil returns the milliseconds of a clock that only goes forward
function M.new(root, now)
  return setmetatable({
    root = root,
    state = 'down',
    now = now or vim.loop.now,
    add_crash = crashes.new_counter(),
    --- Those who wait until it is ready.
    waiting = {},
    --- Request id → who gets the answer.
    pending = {},
    on_command_output = {},
    on_progress = {},
    --- Session id → the ports of which the person was told.
    told_ports = {},
  }, Daemon)
end

local function gone_fault(text)
  return { message = text .. '; its log is ' .. log.path(), data = { kind = 'DaemonGone' } }
end

--- Starts the daemon if it is down. Calls `done()` when it is ready, or `done(fault)` if it cannot be started.
function Daemon:when_ready(done)
  if self.state == 'ready' then
    return done()
  end
  table.insert(self.waiting, done)
  if self.state == 'down' then
    self:start()
  end
end

function Daemon:start_finished(state, fault)
  self.state = state
  local waiting = self.waiting
  self.waiting = {}
  for _, done in ipairs(waiting) do
    done(fault)
  end
end

function Daemon:start()
  self.state = 'starting'
  local command = config.command()
  if not command then
    local text = 'codebeaker is not on PATH; install it, or set the option `command`'
    return self:start_finished('down', { message = text })
  end
  local connection
  connection = rpc.start(command, {
    notification = function(method, params)
      self:handle_notification(method, params)
    end,
    requests = { ['network/requestAccess'] = access.answer },
    exit = function(code, signal)
      self:ended(connection, code, signal)
    end,
  }, config.environment())
  if not connection then
    return self:start_finished('down', { message = command[1] .. ' cannot be started; is it installed?' })
  end
  self.connection = connection
  self:send('initialize', self:initialize_params(), function(fault, result)
    if self.connection ~= connection then
      return -- It has ended, and `ended` has told who waits.
    end
    if fault then
      self.connection = nil
      return self:start_finished('down', fault)
    end
    self.version = result.serverInfo.version
    connection.notify('initialized', vim.empty_dict())
    self:start_finished('ready')
  end)
end

function Daemon:initialize_params()
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
      ports = { changed = true },
      network = { requestAccess = true },
      command = { diagnostics = config.get().scan },
    },
  }
end

--- Called when the process has ended: requests that are pending get a fault, because no answer can come any more.
--- Whoever hears that may ask for the daemon at once, so by then it is settled whether it starts again.
function Daemon:ended(connection, code, signal)
  if self.connection ~= connection then
    return
  end
  local waiting = self.waiting
  self.connection, self.state, self.waiting = nil, 'down', {}
  local how = signal ~= 0 and ('by signal %d'):format(signal) or ('with code %d'):format(code)
  local fault = gone_fault('the daemon ended ' .. how)
  local pending = self.pending
  self.pending, self.on_command_output, self.on_progress, self.told_ports = {}, {}, {}, {}
  if #waiting == 0 then
    self:crashed()
  end
  for _, answer in pairs(pending) do
    answer(fault)
  end
  for _, done in ipairs(waiting) do
    done(fault)
  end
end

function Daemon:crashed()
  if self.add_crash(self.now()) then
    local text = 'the daemon crashed 5 times within 3 minutes and is not started again until a command needs it'
    return messages.error(gone_fault(text).message)
  end
  local url = config.server_url()
  if not url then
    messages.warn('the daemon crashed and is started again')
    return self:start()
  end
  messages.warn(('the connection with the daemon at %s has ended, and is made again'):format(url))
  self:when_ready(function(fault)
    if fault then
      messages.error(fault.message)
    end
  end)
end

--- Sends a request. `answer(fault, result)` is called once.
--- @return integer|nil id nil if the daemon has ended
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
    answer(gone_fault('the daemon has ended'))
  end
  return id
end

--- Sends a request, once the daemon is ready, and waits for the answer. Must be called inside `async.go`.
--- @param on_sent function|nil gets the id of the request, which `cancel` takes
--- @return table|nil fault
--- @return any result
function Daemon:call(method, params, on_sent)
  local fault = await(function(done)
    self:when_ready(done)
  end)
  if fault then
    return fault
  end
  return await(function(answer)
    local id = self:send(method, params, answer)
    if on_sent then
      on_sent(id)
    end
  end)
end

function Daemon:notify(method, params)
  if self.connection then
    self.connection.notify(method, params)
  end
end

--- @param id integer of a request
function Daemon:cancel(id)
  self:notify('$/cancelRequest', { id = id })
end

function Daemon:handle_notification(method, params)
  if method == 'command/output' then
    local on_output = self.on_command_output[params.commandId]
    if on_output then
      on_output(params)
    end
  elseif method == '$/progress' then
    local on_progress = self.on_progress[params.token]
    if on_progress then
      on_progress(params.value)
    end
  elseif method == 'session/stateChanged' then
    vim.cmd('silent doautocmd <nomodeline> User CodebeakerSessions')
  elseif method == 'ports/changed' then
    ports.changed(self.told_ports, function(...)
      self:send(...)
    end, params)
  elseif method == 'command/diagnostics' then
    findings.found(params)
  elseif method == 'window/showMessage' then
    local show = params.type == 1 and messages.error or params.type == 2 and messages.warn or messages.info
    show(params.message)
  end
end

return M
