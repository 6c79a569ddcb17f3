-- :SandboxRun: creates a fresh sandbox, writes the text into it, runs the program and fills the quickfix list if it fails.
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local job = require('codebeaker.job')
local quickfix = require('codebeaker.quickfix')
local trust = require('codebeaker.trust')

local M = {}

--- @param self Job
--- @param source Source
--- @param folder string|nil the folder that is copied
--- @param run_options RunOptions
--- @return table|nil fault
--- @return table|nil result
local function run_in_sandbox(self, source, folder, run_options)
  local spec = { language = source.language, folder = folder, label = source.name, env = run_options.env }
  local fault, session = self:open_session(spec)
  if fault or self.stopped then
    return fault
  end
  local file = { sessionId = session.sessionId, path = source.name, content = source.text }
  fault = self.daemon:call('command/writeFile', file)
  if fault or self.stopped then
    return fault
  end
  return self:execute('command/runCode', {
    path = source.name,
    language = source.language,
    args = run_options.args or config.get().args,
    stdin = run_options.stdin,
  })
end

--- @param source Source
--- @param run_options RunOptions what is not in it is taken from the options of `setup`
function M.start(source, run_options)
  local options = config.get()
  local root = trust.root(options.trusted, source.folder)
  local folder = root and source.folder
  local parts = { daemon = daemons.of(root), title = source.name, focus = options.focus, buffers = { source.bufnr } }
  job.start(parts, function(self)
    local fault, result = run_in_sandbox(self, source, folder, run_options)
    self:finish(fault, result)
    quickfix.fill(source, folder, result, self.output)
  end)
end

return M
