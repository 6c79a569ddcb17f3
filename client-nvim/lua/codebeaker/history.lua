-- :SandboxHistory: lists what ran in sandboxes and how it ended, with keys to open it and to run it again.
local go = require('codebeaker.async').go
local config = require('codebeaker.config')
local daemons = require('codebeaker.daemons')
local job = require('codebeaker.job')
local messages = require('codebeaker.messages')
local source = require('codebeaker.source')
local trust = require('codebeaker.trust')

local NAME = 'codebeaker://history'
local HELP = '<CR>: open   r: run again   R: refresh   q: quit'
--- So many entries are listed.
local MOST = 200

local M = {}

--- Line number → the entry that it shows.
local shown_at = {}
--- The daemon that was asked.
local asked

local function how(entry)
  if entry.outcome == 'exited' then
    return 'exit ' .. entry.exitCode
  elseif entry.outcome == 'signaled' then
    return tostring(entry.signal)
  end
  return entry.error or entry.outcome
end

--- The file of this machine that ran.
--- @return string|nil path nil if it was none
local function file_of(entry)
  if entry.uri and vim.startswith(entry.uri, 'file://') then
    return vim.uri_to_fname((entry.uri:gsub('#.*', '')))
  elseif entry.workspace and entry.path and not vim.startswith(entry.path, '/') then
    return vim.uri_to_fname(entry.workspace.uri) .. '/' .. entry.path
  end
end

local function what(entry)
  local command = type(entry.command) == 'table' and table.concat(entry.command, ' ') or entry.command
  local file = file_of(entry)
  local text = file and vim.fn.fnamemodify(file, ':~:.') or entry.path or command or entry.label
    or (entry.packages and 'install ' .. table.concat(entry.packages, ' ')) or ('%d bytes of code'):format(entry.codeBytes or 0)
  return (table.concat(vim.list_extend({ text }, entry.args or {}), ' '):gsub('%c', ' '))
end

local function line_of(entry)
  local day, time = entry.at:match('^(%d+-%d+-%d+)T(%d+:%d+:%d+)')
  return ('%s %s  %-10s  %-12s  %-10s  %8d ms  %s'):format(day, time, entry.runtime, entry.language or '', how(entry), entry.durationMs, what(entry))
end

local function draw(bufnr, entries)
  local lines = { HELP .. '   (times are in UTC)', '' }
  shown_at = {}
  for _, entry in ipairs(entries) do
    table.insert(lines, line_of(entry))
    shown_at[#lines] = entry
  end
  if #entries == 0 then
    table.insert(lines, 'Nothing has run yet.')
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

local function refresh(bufnr)
  go(function()
    local fault, result = asked:call('history/list', { limit = MOST })
    if fault then
      return messages.error('the history cannot be listed: ' .. fault.message)
    end
    if vim.api.nvim_buf_is_valid(bufnr) then
      draw(bufnr, result.entries)
    end
  end)
end

--- Shows the file in the window that was used before.
--- @return boolean there
local function open_file(entry)
  local file = file_of(entry)
  if not file or vim.fn.filereadable(file) == 0 then
    messages.warn(file and file .. ' is not there any more' or 'it was no file')
    return false
  end
  vim.cmd('wincmd p')
  vim.cmd('edit ' .. vim.fn.fnameescape(file))
  return true
end

--- A file runs as it is now, with the arguments that it had. The daemon runs everything else again.
local function run_again(entry)
  if file_of(entry) then
    if entry.uri and entry.uri:find('#') then
      return open_file(entry) and messages.info('only a part of the file was run; select it, and type :SandboxRun')
    end
    return open_file(entry) and require('codebeaker').run({ args = entry.args or {} })
  end
  local parts = { daemon = asked, title = what(entry), focus = config.get().focus, buffers = {} }
  job.start(parts, function(self)
    local result
    local fault = self:open_session({ language = entry.language, runtime = entry.runtime, label = entry.label or 'history' })
    if not fault and not self.stopped then
      fault, result = self:execute('history/rerun', { entryId = entry.entryId, stdin = '' })
    end
    self:finish(fault, result)
  end)
end

local function map_keys(bufnr)
  local function map(key, act)
    vim.keymap.set('n', key, act, { buffer = bufnr, nowait = true })
  end
  local function map_on_entry(key, act)
    map(key, function()
      local entry = shown_at[vim.api.nvim_win_get_cursor(0)[1]]
      if entry then
        act(entry)
      end
    end)
  end
  map_on_entry('<CR>', open_file)
  map_on_entry('r', run_again)
  map('R', function()
    refresh(bufnr)
  end)
  map('q', function()
    vim.cmd('close')
  end)
end

function M.open()
  local root = trust.root(config.get().trusted, source.folder(vim.api.nvim_get_current_buf()))
  asked = daemons.ready()[1] or daemons.of(root)
  vim.cmd('botright 12split')
  local bufnr = vim.fn.bufnr('^' .. NAME .. '$')
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, NAME)
    vim.bo[bufnr].bufhidden = 'wipe'
    map_keys(bufnr)
  end
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.cmd('setlocal nonumber norelativenumber nowrap cursorline')
  draw(bufnr, {})
  refresh(bufnr)
end

return M
