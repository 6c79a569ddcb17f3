-- :SandboxFiles: lists what a program made or changed, with keys to open it, to compare it and to save it.
local go = require('codebeaker.async').go
local base64 = require('codebeaker.base64')
local home = require('codebeaker.home')
local made = require('codebeaker.made')
local messages = require('codebeaker.messages')
local units = require('codebeaker.units')

local HELP = '<CR>: open   d: compare with mine   s: save to my folder   a: save all   S: save as   q: quit'
local PIECE_BYTES = 8 * 1024 * 1024

local M = {}

--- Must be called inside `async.go`.
--- @return string|nil fault
--- @return string|nil bytes
local function read(one, file)
  local pieces, offset = {}, 0
  while true do
    local fault, piece = one.daemon:call('command/readFile', {
      sessionId = one.session.sessionId,
      path = file.path,
      encoding = 'base64',
      offset = offset,
      length = PIECE_BYTES,
    })
    if fault then
      return fault.message
    end
    local bytes = base64.decode(piece.content)
    table.insert(pieces, bytes)
    offset = offset + #bytes
    if offset > one.session.limits.diskBytes then
      return 'it is larger than the disk limit of the sandbox, because it has holes'
    end
    if piece.eof or #bytes == 0 then
      return nil, table.concat(pieces)
    end
  end
end

--- The folder that corresponds to /workspace.
local function folder_of(one)
  return one.source.folder or vim.fn.getcwd()
end

--- A file that is no copy of what is there, or that is older, replaces nothing without a question.
local function may_write(folder, file)
  local there = made.mtime_ms(folder .. '/' .. file.path)
  if not there or (file.mark == 'changed' and there <= file.mtime_ms) then
    return true
  end
  local question = ('In your folder there is already a %s, which is newer or not what the program began with. Replace it?'):format(file.path)
  return vim.fn.confirm(question, '&Replace\n&Keep mine', 2) == 1
end

--- @return boolean saved
local function save(one, file, folder)
  local _, why = home.target(folder, file.path)
  if why then
    messages.error(('%s is not saved: %s'):format(file.path, why))
    return false
  end
  if not may_write(folder, file) then
    return false
  end
  local fault, bytes = read(one, file)
  fault = fault or home.write(folder, file.path, bytes)
  if fault then
    messages.error(('%s is not saved: %s'):format(file.path, fault))
    return false
  end
  vim.cmd('silent! checktime')
  return true
end

--- Saves these files to the person's folder.
local function save_home(one, files)
  go(function()
    local saved = {}
    for _, file in ipairs(files) do
      if save(one, file, folder_of(one)) then
        table.insert(saved, file.path)
      end
    end
    if #saved > 0 then
      messages.info('saved: ' .. table.concat(saved, ', '))
    end
  end)
end

--- The person names the file, and is asked before one that is there is replaced.
local function save_as(one, file)
  vim.ui.input({ prompt = 'Save as: ', default = folder_of(one) .. '/' .. file.path, completion = 'file' }, function(path)
    if not path or path == '' then
      return
    end
    local full = vim.fn.fnamemodify(path, ':p')
    local target = vim.tbl_extend('force', file, { mark = 'new' })
    go(function()
      local fault, bytes = read(one, file)
      local folder, name = vim.fn.fnamemodify(full, ':h'), vim.fn.fnamemodify(full, ':t')
      target.path = name
      if not fault and may_write(folder, target) then
        fault = home.write(folder, name, bytes)
      end
      if fault then
        messages.error(('%s is not saved: %s'):format(full, fault))
      end
    end)
  end)
end

--- Shows the file of the sandbox in the current window, in a buffer that cannot be written.
local function show(one, file, bytes)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split((bytes:gsub('\n$', '')):gsub('%z', '?'), '\n', { plain = true }))
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = false
  pcall(vim.api.nvim_buf_set_name, buffer, ('codebeaker://%s/%s'):format(one.session.sessionId, file.path))
  vim.api.nvim_win_set_buf(0, buffer)
end

local function open(one, file)
  go(function()
    local fault, bytes = read(one, file)
    if fault then
      return messages.error(fault)
    end
    vim.cmd('wincmd p')
    show(one, file, bytes)
  end)
end

local function compare(one, file)
  local mine = folder_of(one) .. '/' .. file.path
  if vim.fn.filereadable(mine) == 0 then
    return messages.info(('there is no %s in your folder to compare with'):format(file.path))
  end
  go(function()
    local fault, bytes = read(one, file)
    if fault then
      return messages.error(fault)
    end
    vim.cmd('tabedit ' .. vim.fn.fnameescape(mine))
    vim.cmd('diffthis')
    vim.cmd('rightbelow vsplit')
    show(one, file, bytes)
    vim.cmd('diffthis')
  end)
end

local function draw(bufnr, one)
  local lines = { HELP, '' }
  for _, file in ipairs(one.files) do
    table.insert(lines, ('%-8s  %10s  %s'):format(file.mark, units.bytes(file.size), (file.path:gsub('%c', '?'))))
  end
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

local function map_keys(bufnr, one)
  local function map(key, act)
    vim.keymap.set('n', key, function()
      local file = one.files[vim.api.nvim_win_get_cursor(0)[1] - 2]
      if file then
        act(one, file)
      end
    end, { buffer = bufnr, nowait = true })
  end
  map('<CR>', open)
  map('d', compare)
  map('S', save_as)
  map('s', function(_, file)
    save_home(one, { file })
  end)
  vim.keymap.set('n', 'a', function()
    save_home(one, one.files)
  end, { buffer = bufnr, nowait = true })
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, nowait = true })
end

function M.open()
  local one = made.of(vim.api.nvim_get_current_buf())
  if not one then
    return messages.info('no program has made or changed a file in a sandbox that is open')
  end
  vim.cmd('botright 8split')
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.cmd('setlocal nonumber norelativenumber nowrap cursorline')
  map_keys(bufnr, one)
  draw(bufnr, one)
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
end

return M
