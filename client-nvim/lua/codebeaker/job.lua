-- A job: a program or a shell, with its session and its view, from the first request to the last line.
local async = require('codebeaker.async')
local config = require('codebeaker.config')
local input = require('codebeaker.input')
local jobs = require('codebeaker.jobs')
local sandbox = require('codebeaker.sandbox')
local verdict = require('codebeaker.verdict')
local view = require('codebeaker.view')

--- How much of the end of the output is kept to find traces in.
local MAX_OUTPUT_BYTES = 256 * 1024

local last_command_number = 0

--- @class Job
--- @field daemon Daemon
--- @field view table
--- @field output string  the last part of what the program printed
--- @field session table|nil
--- @field session_is_shared boolean|nil  whether the session belongs to another job and stays open at the end
--- @field folder_refused boolean|nil  whether the folder could not be copied
--- @field keeps_session boolean|nil  whether `finish` leaves the session open
--- @field buffers integer[]  the buffers in which :SandboxStop stops it
local Job = {}
Job.__index = Job

local M = {}

--- @param parts { daemon: table, title: string, focus: boolean, buffers: integer[] }
--- @param body function is run as a coroutine, and gets the job
function M.start(parts, body)
  local self = setmetatable({ daemon = parts.daemon, output = '', on_type = function() end }, Job)
  self.view = view.open({
    title = parts.title,
    focus = parts.focus,
    on_type = function(keys)
      self.on_type(keys)
    end,
    on_resize = function(size)
      if self.pty_command then
        self.daemon:notify('command/resize', { commandId = self.pty_command, cols = size.cols, rows = size.rows })
      end
    end,
    on_close = function()
      self:stop()
    end,
  })
  self.buffers = vim.list_extend({ self.view.bufnr }, parts.buffers)
  jobs.add(self)
  async.go(function()
    body(self)
  end)
  return self
end

--- Cancels the request that is pending: the one for the sandbox, or the one that runs the program.
function Job:stop()
  self.stopped = true
  if self.request then
    self.daemon:cancel(self.request)
  end
end

--- Notes the id of the request that `stop` cancels.
function Job:on_sent(id)
  self.request = id
  if self.stopped and id then
    self.daemon:cancel(id)
  end
end

--- Creates the session. Must be called inside `async.go`, like all functions below.
--- @return table|nil fault
--- @return table|nil session
function Job:open_session(spec)
  self.view:write_status('starting')
  local fault, session, refusal = sandbox.create(self.daemon, spec, {
    on_progress = function(text)
      if not self.view.finished then
        self.view:write_status(text)
      end
    end,
    on_sent = function(id)
      self:on_sent(id)
    end,
  })
  self.request = nil
  self.session = session
  self.folder_refused = refusal ~= nil
  if refusal then
    self.view:write_now(('\27[33mwithout the other files of its folder: %s\27[39m\r\n'):format(refusal))
  end
  return fault, session
end

--- Runs one program until it has ended and its output is shown. It gets a pseudoterminal, unless the sandbox has none or
--- its input is given. Only the answer tells whether the sandbox has one: the capabilities are those of the daemon.
--- @return table|nil fault
--- @return table|nil result
function Job:execute(method, params)
  if config.get().pty and not params.stdin then
    local size = self.view:size() or { cols = 80, rows = 24 }
    local fault, result = self:execute_with_streams(method, params, size)
    if not (fault and fault.data and fault.data.kind == 'LanguageUnsupported') then
      return fault, result
    end
  end
  return self:execute_with_streams(method, params, nil)
end

--- @param pty { cols: integer, rows: integer }|nil the size of the pseudoterminal; nil for pipes
function Job:execute_with_streams(method, params, pty)
  last_command_number = last_command_number + 1
  local id = 'nvim-' .. last_command_number
  local daemon = self.daemon
  daemon.on_command_output[id] = function(output)
    self:show_output(id, output)
  end
  self.pty_command = pty and id or nil
  self.on_type = input.to_program(self, id, pty ~= nil, params.stdin ~= nil)
  local all_params = vim.tbl_extend('error', params, {
    sessionId = self.session.sessionId,
    commandId = id,
    interactive = not params.stdin or nil,
    pty = pty,
    env = pty and { TERM = 'xterm-256color' } or nil,
  })
  local fault, result = daemon:call(method, all_params, function(request)
    self:on_sent(request)
  end)
  self.request, self.pty_command = nil, nil
  async.await(function(done)
    self.view:after_output(done)
  end)
  daemon.on_command_output[id] = nil
  return fault, result
end

function Job:show_output(id, output)
  self.output = (self.output .. output.data):sub(-MAX_OUTPUT_BYTES)
  local text = output.stream == 'pty' and output.data or output.data:gsub('\r?\n', '\r\n')
  self.view:write_output(text, function()
    self.daemon:notify('command/ack', { commandId = id, seq = output.seq })
  end)
end

--- Closes the session and shows how the job ended.
function Job:finish(fault, result)
  jobs.remove(self)
  local session = self.session
  if session and not self.session_is_shared and not self.keeps_session then
    sandbox.close(self.daemon, session)
  end
  if result then
    self.view:finish(verdict.of_execution(result, session), {
      outcome = result.outcome,
      exitCode = result.exitCode,
      durationMs = math.floor(result.durationMs + 0.5),
      runtime = session.runtime,
      runtimeReason = session.runtimeReason,
    })
  else
    local text = self.stopped and 'stopped' or fault.message
    self.view:finish(verdict.line(false, text, {}), { outcome = self.stopped and 'cancelled' or 'failed', message = text })
  end
end

return M
