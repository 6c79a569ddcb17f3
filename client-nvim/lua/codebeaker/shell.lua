-- :SandboxShell: opens a shell with a terminal, in a new sandbox or in a session that is open.
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local job = require('codebeaker.job')
local language = require('codebeaker.language')
local source = require('codebeaker.source')
local trust = require('codebeaker.trust')

--- Prefers bash, which not every image has.
local SHELL = 'command -v bash >/dev/null && exec bash; exec sh'

local M = {}

--- The first runtime that has a shell besides the language.
--- @return string|nil id nil if there is none; the daemon then chooses
local function runtime_with_shell(daemon, language_id)
  local fault, listed = daemon:call('runtime/list', vim.empty_dict())
  for _, runtime in ipairs(fault and {} or listed.runtimes) do
    local has = {}
    for _, one in ipairs(runtime.languages) do
      has[one.id] = true
    end
    if runtime.available and has.shellscript and (not language_id or has[language_id]) then
      return runtime.id
    end
  end
end

--- @param options { language: string|nil, daemon: Daemon|nil, session: table|nil } a session is given with its daemon
function M.open(options)
  local bufnr = vim.api.nvim_get_current_buf()
  local language_id = options.language or language.of_filetype(vim.bo[bufnr].filetype)
  local folder = source.folder(bufnr)
  local root = trust.root(config.get().trusted, folder)
  local daemon = options.daemon or daemons.of(root)
  local parts = { daemon = daemon, title = 'shell', focus = true, buffers = {} }
  job.start(parts, function(self)
    local fault, result
    if options.session then
      self.session, self.session_is_shared = options.session, true
    else
      local runtime = config.get().runtime or runtime_with_shell(daemon, language_id)
      fault = self:open_session({
        language = language_id or 'shellscript',
        runtime = runtime,
        folder = root and folder,
        label = 'shell',
      })
    end
    if not fault and not self.stopped then
      fault, result = self:execute('command/executeShell', { command = SHELL })
    end
    self:finish(fault, result)
  end)
end

return M
