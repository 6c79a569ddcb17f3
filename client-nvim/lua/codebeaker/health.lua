-- :checkhealth codebeaker
local go = require('codebeaker.async').go
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local log = require('codebeaker.log')

local DEADLINE_MS = 15000

--- The functions have other names before Neovim 0.10.
local health = vim.health or require('health')
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local info = health.info or health.report_info
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local M = {}

--- Sends a request and blocks until the answer comes.
local function call_blocking(daemon, method)
  local answer
  go(function()
    answer = { daemon:call(method, vim.empty_dict()) }
  end)
  local came = vim.wait(DEADLINE_MS, function()
    return answer ~= nil
  end, 10)
  if not came then
    return { message = ('the daemon did not answer within %d seconds'):format(DEADLINE_MS / 1000) }
  end
  return answer[1], answer[2]
end

--- Tells of the holes that are known in the versions of the programs which make the sandboxes of a runtime.
local function report_weaknesses(runtime)
  for _, weakness in ipairs(runtime.weaknesses or {}) do
    local fixed = table.concat(weakness.fixedIn, ', ')
    local text = ('%s: %s %s %s (%s)'):format(runtime.id, weakness.component, weakness.version, weakness.allows, weakness.id)
    if weakness.state == 'open' then
      warn(text, { ('update %s to %s or later'):format(weakness.component, fixed), weakness.url })
    elseif weakness.state == 'unknown' then
      warn(text .. ', unless your distribution has mended it', { 'install the updates of your distribution', ('%s itself is mended in %s'):format(weakness.component, fixed), weakness.url })
    end
  end
end

local function report_runtimes(runtimes)
  for _, runtime in ipairs(runtimes) do
    if runtime.available then
      local languages = vim.tbl_map(function(language)
        return language.id
      end, runtime.languages)
      local text = '%s: isolation %d of 10; %s'
      ok(text:format(runtime.id, runtime.isolation.score, table.concat(languages, ', ')))
      report_weaknesses(runtime)
    else
      warn(('%s: %s'):format(runtime.id, runtime.reason or 'not available'))
    end
  end
end

--- Tells whether :SandboxDebug has its debugger.
local function report_debugging(url)
  start('codebeaker: debugging')
  if require('codebeaker.nvim_dap').find(true) then
    ok('nvim-dap is there, and its adapter is ' .. table.concat(config.adapter_command(), ' '))
    info('`codebeaker doctor` says which languages can be debugged here, and what is missing')
  else
    info('nvim-dap is not installed, which :SandboxDebug needs (the plugin mfussenegger/nvim-dap)')
  end
  if url and not config.debugging_url() then
    info(('programs are debugged on this machine, and not by the daemon at %s, because its token is in no file'):format(url))
  end
end

function M.check()
  start('codebeaker: the daemon')
  if vim.fn.has('nvim-0.7') == 0 then
    return fail('Neovim 0.7 or later is needed')
  end
  local command = config.command()
  if not command then
    return fail('codebeaker is not on PATH', { 'install it: npm install --global codebeaker', 'or set the option: setup{ command = {…} }' })
  end
  info('command: ' .. table.concat(command, ' '))
  local url = config.server_url()
  if url then
    info('server: programs run on the machine of the daemon at ' .. url)
  end
  info('log: ' .. log.path())
  local daemon = daemons.ready()[1] or daemons.of(nil)
  local fault, listed = call_blocking(daemon, 'runtime/list')
  if fault then
    return fail(fault.message)
  end
  ok('the daemon answers: version ' .. (daemon.version or 'unknown'))
  local trusted = config.get().trusted
  info(trusted and 'trusted folders, which may be copied: ' .. vim.inspect(trusted) or 'no folder is trusted: only the buffer is copied')
  info('arguments, environment and input are remembered in ' .. require('codebeaker.remembered').path())
  start(url and 'codebeaker: runtimes of the daemon at ' .. url or 'codebeaker: runtimes')
  report_runtimes(listed.runtimes)
  report_debugging(url)
end

return M
