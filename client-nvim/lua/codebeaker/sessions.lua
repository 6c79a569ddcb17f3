-- :SandboxSessions: lists the open sessions, with keys to close one or to open a shell in it.
local go = require('codebeaker.async').go
local chosen = require('codebeaker.chosen')
local daemons = require('codebeaker.daemons')
local messages = require('codebeaker.messages')
local sandbox = require('codebeaker.sandbox')
local shell = require('codebeaker.shell')

local NAME = 'codebeaker://sessions'
local HELP = 'x: close   s: open a shell   w: why this runtime   r: refresh   q: quit'

local M = {}

--- Line number → the session that it shows, with its daemon.
local shown_at = {}

local function line_of(session)
  return ('%-8s  %-10s  %-12s  %-8s  %3d commands  %s'):format(
    session.sessionId:sub(1, 8),
    session.runtime,
    session.language or '',
    session.state,
    session.commandCount,
    session.label or ''
  )
end

local function draw(bufnr, found)
  local lines = { HELP, '' }
  shown_at = {}
  for _, one in ipairs(found) do
    table.insert(lines, line_of(one.session))
    shown_at[#lines] = one
  end
  if #found == 0 then
    table.insert(lines, 'No sandbox is open.')
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

local function refresh(bufnr)
  go(function()
    local found = {}
    for _, daemon in ipairs(daemons.ready()) do
      local fault, result = daemon:call('session/list', vim.empty_dict())
      for _, session in ipairs(fault and {} or result.sessions) do
        table.insert(found, { daemon = daemon, session = session })
      end
    end
    if vim.api.nvim_buf_is_valid(bufnr) then
      draw(bufnr, found)
    end
  end)
end

local function map_keys(bufnr)
  local function map(key, act)
    vim.keymap.set('n', key, act, { buffer = bufnr, nowait = true })
  end
  --- `act` gets the session in the line of the cursor, with its daemon.
  local function map_on_session(key, act)
    map(key, function()
      local one = shown_at[vim.api.nvim_win_get_cursor(0)[1]]
      if one then
        act(one)
      end
    end)
  end
  map_on_session('x', function(one)
    sandbox.close(one.daemon, one.session)
  end)
  map_on_session('s', shell.open)
  map_on_session('w', function(one)
    messages.info(one.session.runtimeReason and chosen.sentence(one.session) or 'the daemon does not say why the runtime was chosen')
  end)
  map('r', function()
    refresh(bufnr)
  end)
  map('q', function()
    vim.cmd('close')
  end)
end

function M.open()
  vim.cmd('botright 8split')
  local bufnr = vim.fn.bufnr('^' .. NAME .. '$')
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, NAME)
    vim.bo[bufnr].bufhidden = 'wipe'
    map_keys(bufnr)
    vim.api.nvim_create_autocmd('User', {
      pattern = 'CodebeakerSessions',
      group = vim.api.nvim_create_augroup('codebeaker_sessions', {}),
      callback = function()
        if not vim.api.nvim_buf_is_valid(bufnr) then
          return true
        end
        refresh(bufnr)
      end,
    })
  end
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.cmd('setlocal nonumber norelativenumber nowrap cursorline')
  draw(bufnr, {})
  refresh(bufnr)
end

return M
