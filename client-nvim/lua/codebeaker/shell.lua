-- :SandboxShell: a shell with a terminal, in a sandbox of its own or in one that is open.
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local job = require('codebeaker.job')
local language = require('codebeaker.language')
local source = require('codebeaker.source')
local trust = require('codebeaker.trust')

local SHELL = 'command -v bash >/dev/null && exec bash; exec sh'

local M = {}

--- A runtime that has a shell beside the language: the first that `runtime/list` names. nil: the daemon chooses.
local function runtimeWithShell(daemon, id)
  local fault, listed = daemon:call('runtime/list', vim.empty_dict())
  for _, runtime in ipairs(fault and {} or listed.runtimes) do
    local has = {}
    for _, one in ipairs(runtime.languages) do
      has[one.id] = true
    end
    if runtime.available and has.shellscript and (not id or has[id]) then
      return runtime.id
    end
  end
end

--- @param wish { language: string|nil, daemon: Daemon|nil, session: table|nil }
function M.open(wish)
  local bufnr = vim.api.nvim_get_current_buf()
  local id = wish.language or language.of(vim.bo[bufnr].filetype)
  local here = source.folder(bufnr)
  local root = trust.root(config.get().trusted, here)
  local daemon = wish.daemon or daemons.of(root)
  local parts = { daemon = daemon, title = 'shell', focus = true, buffers = {} }
  job.start(parts, function(self)
    local fault
    if wish.session then
      self.session, self.borrowed = wish.session, true
    else
      local runtime = config.get().runtime or runtimeWithShell(daemon, id)
      fault = self:open({ language = id or 'shellscript', runtime = runtime, folder = root and here, label = 'shell' })
    end
    local result
    if not fault and not self.stopped then
      fault, result = self:execute('command/executeShell', { command = SHELL })
    end
    self:finish(fault, result)
  end)
end

return M
