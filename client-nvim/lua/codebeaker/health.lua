-- :checkhealth codebeaker
local go = require('codebeaker.async').go
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local log = require('codebeaker.log')

local DEADLINE_MS = 15000

--- Neovim's own, under the names it has had.
local health = vim.health or require('health')
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local info = health.info or health.report_info
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local M = {}

--- Asks, and waits in the foreground.
local function ask(one, method)
  local answer
  go(function()
    answer = { one:call(method, vim.empty_dict()) }
  end)
  local came = vim.wait(DEADLINE_MS, function()
    return answer ~= nil
  end, 10)
  if not came then
    return { message = 'the daemon did not answer in time' }
  end
  return answer[1], answer[2]
end

local function runtimes(list)
  for _, runtime in ipairs(list) do
    if runtime.available then
      local languages = vim.tbl_map(function(language)
        return language.id
      end, runtime.languages)
      local text = '%s: isolation %d of 10; %s'
      ok(text:format(runtime.id, runtime.isolation.score, table.concat(languages, ', ')))
    else
      warn(('%s: %s'):format(runtime.id, runtime.reason or 'not available'))
    end
  end
end

function M.check()
  start('codebeaker: the daemon')
  if vim.fn.has('nvim-0.7') == 0 then
    return fail('Neovim 0.7 or later is needed')
  end
  local command = config.command()
  if not command then
    return fail('there is no codebeaker on PATH', { 'install it: npm install --global codebeaker', 'or name it in setup{ command = {…} }' })
  end
  info('command: ' .. table.concat(command, ' '))
  info('log: ' .. log.path())
  local one = daemons.running()[1] or daemons.of(nil)
  local fault, listed = ask(one, 'runtime/list')
  if fault then
    return fail(fault.message)
  end
  ok('it answers: version ' .. (one.version or '?'))
  local trusted = config.get().trusted
  info(trusted and 'folders may be copied: ' .. vim.inspect(trusted) or 'folders are not copied: the buffer alone is')
  info('what files are run with is remembered in ' .. require('codebeaker.remembered').path())
  start('codebeaker: runtimes')
  runtimes(listed.runtimes)
end

return M
