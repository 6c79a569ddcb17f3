-- :SandboxRun: a fresh sandbox, the text in it, the program, its errors in the quickfix list.
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local job = require('codebeaker.job')
local quickfix = require('codebeaker.quickfix')
local trust = require('codebeaker.trust')

local M = {}

--- @param source Source
--- @param with With what is not in it is as the options say
function M.start(source, with)
  local options = config.get()
  local root = trust.root(options.trusted, source.folder)
  local parts = {
    daemon = daemons.of(root),
    title = source.name,
    focus = options.focus,
    buffers = { source.bufnr },
  }
  job.start(parts, function(self)
    local fault, result = M.program(self, source, root and source.folder, with)
    self:finish(fault, result)
    quickfix.fill(source, root and source.folder, result, self.tail)
  end)
end

--- @return table|nil fault, table|nil result
function M.program(self, source, folder, with)
  local wish = { language = source.language, folder = folder, label = source.name, env = with.env }
  local fault, session = self:open(wish)
  if fault or self.stopped then
    return fault
  end
  local file = { sessionId = session.sessionId, path = source.name, content = source.text }
  fault = self.daemon:call('command/writeFile', file)
  if fault or self.stopped then
    return fault
  end
  local code = { path = source.name, language = source.language, args = with.args or config.get().args, stdin = with.stdin }
  return self:execute('command/runCode', code)
end

return M
