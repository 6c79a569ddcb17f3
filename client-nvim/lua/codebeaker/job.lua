-- A program or a shell on its way from the first request to the last line: its session, its view, its end.
local await = require('codebeaker.async').await
local go = require('codebeaker.async').go
local config = require('codebeaker.config')
local jobs = require('codebeaker.jobs')
local outcome = require('codebeaker.outcome')
local sandbox = require('codebeaker.sandbox')
local typing = require('codebeaker.typing')
local view = require('codebeaker.view')

--- How much of the end of the output is kept to find errors in.
local TAIL_BYTES = 256 * 1024

local commands = 0

local Job = {}
Job.__index = Job

local M = {}

--- @param parts { daemon: table, title: string, focus: boolean, buffers: integer[] }
function M.start(parts, body)
  local self = setmetatable({ daemon = parts.daemon, tail = '', typed = function() end }, Job)
  self.view = view.open({
    title = parts.title,
    focus = parts.focus,
    typed = function(keys)
      self.typed(keys)
    end,
    resized = function(size)
      if self.terminal then
        self.daemon:notify('command/resize', { commandId = self.terminal, cols = size.cols, rows = size.rows })
      end
    end,
    closed = function()
      self:stop()
    end,
  })
  self.buffers = vim.list_extend({ self.view.bufnr }, parts.buffers)
  jobs.add(self)
  go(function()
    body(self)
  end)
  return self
end

--- Cancels what is being waited for: the program, or the sandbox that is being made for it.
function Job:stop()
  self.stopped = true
  if self.request then
    self.daemon:cancel(self.request)
  end
end

--- Makes the session. Inside `async.go`, as all that follow.
--- @return table|nil fault, table|nil session
function Job:open(wish)
  self.view:note('starting')
  local fault, session, refusal = sandbox.create(self.daemon, wish, {
    report = function(text)
      if not self.view.over then
        self.view:note(text)
      end
    end,
    sent = function(id)
      self.request = id
      if self.stopped and id then
        self.daemon:cancel(id)
      end
    end,
  })
  self.request = nil
  self.session = session
  if refusal then
    self.view:put(('\27[2m[without the other files of the folder: %s]\27[0m\r\n'):format(refusal))
  end
  return fault, session
end

--- Runs one program to its end, and to the end of its output. With a terminal, unless the sandbox has none: only the
--- answer tells, for what the daemon served at the start says nothing of this sandbox. Input that is given comes by a pipe.
--- @return table|nil fault, table|nil result
function Job:execute(method, params)
  if config.get().pty and not params.stdin then
    local fault, result = self:attempt(method, params, self.view:size() or { cols = 80, rows = 24 })
    if not (fault and fault.data and fault.data.kind == 'LanguageUnsupported') then
      return fault, result
    end
  end
  return self:attempt(method, params, nil)
end

function Job:attempt(method, params, pty)
  commands = commands + 1
  local id = 'nvim-' .. commands
  local daemon = self.daemon
  daemon.commands[id] = function(output)
    self:heard(id, output)
  end
  self.terminal = pty and id or nil
  self.typed = typing.into(self, id, pty ~= nil, params.stdin ~= nil)
  local asked = vim.tbl_extend('error', params, {
    sessionId = self.session.sessionId,
    commandId = id,
    interactive = not params.stdin or nil,
    pty = pty,
    env = pty and { TERM = 'xterm-256color' } or nil,
  })
  local fault, result = daemon:call(method, asked, function(request)
    self.request = request
    if self.stopped and request then
      daemon:cancel(request)
    end
  end)
  self.request, self.terminal = nil, nil
  await(function(done)
    self.view:after_output(done)
  end)
  daemon.commands[id] = nil
  return fault, result
end

function Job:heard(id, output)
  self.tail = (self.tail .. output.data):sub(-TAIL_BYTES)
  local text = output.stream == 'pty' and output.data or output.data:gsub('\r?\n', '\r\n')
  self.view:output(text, function()
    self.daemon:notify('command/ack', { commandId = id, seq = output.seq })
  end)
end

--- Closes the session and says how it went.
function Job:finish(fault, result)
  jobs.remove(self)
  local session = self.session
  if session and not self.borrowed then
    sandbox.close(self.daemon, session)
  end
  if result then
    local text, good = outcome.describe(result, session.limits)
    local where = ('%s, isolation %d of 10'):format(session.runtime, session.isolation.score)
    self.view:finish(outcome.line(text, good, where), {
      outcome = result.outcome,
      exitCode = result.exitCode,
      durationMs = math.floor(result.durationMs + 0.5),
    })
  else
    local text = self.stopped and 'stopped' or fault.message
    self.view:finish(outcome.line(text, false), { outcome = self.stopped and 'cancelled' or 'failed', message = text })
  end
end

return M
