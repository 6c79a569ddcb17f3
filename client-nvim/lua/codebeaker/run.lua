-- :SandboxRun: creates a fresh sandbox, writes the text into it, runs the program and fills the quickfix list if it fails.
local chosen = require('codebeaker.chosen')
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local findings = require('codebeaker.findings')
local job = require('codebeaker.job')
local made = require('codebeaker.made')
local messages = require('codebeaker.messages')
local packages = require('codebeaker.packages')
local quickfix = require('codebeaker.quickfix')
local sandbox = require('codebeaker.sandbox')
local trust = require('codebeaker.trust')
local verdict = require('codebeaker.verdict')

local M = {}

--- @param self Job
--- @param source Source
--- @param folder string|nil the folder that is copied
--- @param run_options RunOptions
--- @return table|nil fault
--- @return table|nil result
local function run_in_sandbox(self, source, folder, run_options)
  local spec = { language = source.language, folder = folder, label = source.name, env = run_options.env }
  if source.language == 'javascript' or source.language == 'typescript' then
    -- It may tell for which runtime it is written. The end of a line is never in the middle of a character.
    spec.program = { path = source.name, code = source.text:sub(1, 65536):match('^(.*\n)') }
  end
  spec.packages = packages.needed(source.language, folder, run_options.packages)
  local fault, session = self:open_session(spec)
  if fault or self.stopped then
    return fault
  end
  packages.tell_weaknesses(source.name, session)
  findings.watch(session.sessionId, source)
  local file = { sessionId = session.sessionId, path = source.name, content = source.text }
  fault = self.daemon:call('command/writeFile', file)
  if fault or self.stopped then
    return fault
  end
  return self:execute('command/runCode', {
    path = source.name,
    language = source.language,
    uri = source.uri,
    args = run_options.args or config.get().args,
    stdin = run_options.stdin,
  })
end

local told_of_trust = false

--- Says once why a program that failed may have lacked a file: the other files of its folder were not copied.
--- @param source Source
--- @param folder string|nil the folder that is copied
local function tell_of_trust(source, folder, result)
  if told_of_trust or folder or not source.folder or not result or not verdict.failed(result) then
    return
  end
  if #vim.fn.readdir(source.folder) > 1 then
    told_of_trust = true
    messages.info('the other files of the folder are not in the sandbox, because the folder is not trusted; see :help codebeaker-trust')
  end
end

--- Says below the last line why the runtime was chosen, if that is news.
--- @param self Job
--- @param source Source
local function tell_of_runtime(self, source)
  local news = self.session and chosen.news(source.language, self.session, config.get().runtime ~= nil)
  if news and vim.api.nvim_buf_is_valid(self.view.bufnr) then
    self.view:write_now(('\r\n\27[2m%s\27[22m'):format(news))
  end
end

--- How many names the line of what a program made has at most.
local MAX_NAMES = 5

--- Names what the program made below the last line, and keeps the sandbox for it. If it made nothing, the sandbox is closed.
--- @param self Job
--- @param source Source
--- @param folder string|nil the folder that is copied
--- @param result table|nil nil if the program did not run to an end, so that there may be no daemon any more
local function keep_what_was_made(self, source, folder, result)
  if not self.session then
    return
  end
  local files = result and made.look(self.daemon, self.session, source, not self.folder_refused and folder or nil) or {}
  if #files == 0 or not vim.api.nvim_buf_is_valid(self.view.bufnr) then
    return sandbox.close(self.daemon, self.session)
  end
  made.keep({ bufnr = self.view.bufnr, daemon = self.daemon, session = self.session, source = source, files = files })
  local names = {}
  for at = 1, math.min(#files, MAX_NAMES) do
    names[at] = (files[at].path:gsub('%c', ''))
  end
  local more = #files > MAX_NAMES and (' and %d more'):format(#files - MAX_NAMES) or ''
  self.view:write_now(('\r\n\27[2mmade or changed in the sandbox: %s%s (:SandboxFiles)\27[22m'):format(table.concat(names, ', '), more))
end

--- @param source Source
--- @param run_options RunOptions what is not in it is taken from the options of `setup`
function M.start(source, run_options)
  local options = config.get()
  local root = trust.root(options.trusted, source.folder)
  local folder = root and source.folder
  local parts = { daemon = daemons.of(root), title = source.name, focus = options.focus, buffers = { source.bufnr } }
  job.start(parts, function(self)
    self.keeps_session = true
    local fault, result = run_in_sandbox(self, source, folder, run_options)
    self:finish(fault, result)
    tell_of_runtime(self, source)
    quickfix.fill(source, folder, result, self.output)
    tell_of_trust(source, folder, result)
    keep_what_was_made(self, source, folder, result)
    local names = packages.offer(source, result)
    if names then
      M.start(source, vim.tbl_extend('force', run_options, { packages = names }))
    end
  end)
end

return M
