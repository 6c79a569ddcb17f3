-- A split with a terminal in it: takes output as fast as it can be shown and no faster, hands on what is typed.
local config = require('codebeaker.config')
local filter = require('codebeaker.harmless').filter

--- Output is taken in turns of this length; between two of them the editor does what else there is.
local TURN_MS = 8

local View = {}
View.__index = View

local M = {}

local opened = 0

--- A window of this tab page whose program has ended: its place is free.
local function freeWindow()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local buffer = vim.api.nvim_win_get_buf(window)
    local known, state = pcall(vim.api.nvim_buf_get_var, buffer, 'codebeaker')
    if known and state.state == 'ended' then
      return window, buffer
    end
  end
end

local function show(buffer)
  local window, old = freeWindow()
  local before = vim.api.nvim_get_current_win()
  if window then
    vim.api.nvim_set_current_win(window)
  elseif not pcall(vim.cmd, config.get().split) then
    vim.cmd('tab split') -- no room for one more
  end
  vim.api.nvim_win_set_buf(0, buffer)
  vim.cmd('setlocal nonumber norelativenumber signcolumn=no')
  if old and vim.api.nvim_buf_is_valid(old) then
    vim.api.nvim_buf_delete(old, { force = true })
  end
  return before
end

--- Neovim 0.7 may say for ever that CTRL-C was typed, and does nothing else. Nobody types it twice before the editor
--- looks at the clock again: then leaving the terminal mode ends it.
local function interrupts()
  local last
  return function(keys)
    local now = keys == '\3' and vim.loop.now() or nil
    local again = now ~= nil and now == last
    last = now
    if again then
      vim.cmd('stopinsert')
    end
    return again
  end
end

--- @param parts { title: string, focus: boolean, typed: function, resized: function|nil, closed: function }
function M.open(parts)
  opened = opened + 1
  local buffer = vim.api.nvim_create_buf(false, true)
  local self = setmetatable({ bufnr = buffer, queue = {}, first = 1, last = 0, clean = filter() }, View)
  vim.bo[buffer].bufhidden = 'hide'
  vim.api.nvim_buf_set_name(buffer, ('codebeaker://%d/%s'):format(opened, parts.title))
  self:tell({ state = 'running' })
  local before = show(buffer)
  local repeats = interrupts()
  local function measure()
    local size = self:size()
    if parts.resized and not self.over and size and not vim.deep_equal(size, self.shown) then
      self.shown = size
      parts.resized(size)
    end
  end
  self.channel = vim.api.nvim_open_term(buffer, {
    on_input = function(_, _, _, keys)
      if not self.over and not repeats(keys) then
        measure() -- the events of old Neovims wait until the terminal mode is left
        parts.typed(keys)
      end
    end,
  })
  local group = vim.api.nvim_create_augroup('codebeaker_view_' .. buffer, {})
  vim.api.nvim_create_autocmd({ 'BufDelete', 'BufWipeout' }, {
    group = group,
    buffer = buffer,
    once = true,
    callback = function()
      vim.api.nvim_del_augroup_by_id(group)
      if not self.over then
        parts.closed()
      end
    end,
  })
  if parts.resized then
    local events = vim.fn.exists('##WinResized') == 1 and { 'VimResized', 'WinResized' } or { 'VimResized', 'WinScrolled' }
    vim.api.nvim_create_autocmd(events, { group = group, callback = measure })
  end
  self.shown = self:size()
  if parts.focus then
    vim.cmd('startinsert')
  elseif vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
  return self
end

--- Columns and rows, or nil while it is not shown.
function View:size()
  local window = vim.fn.bufwinid(self.bufnr)
  if window ~= -1 then
    return { cols = vim.api.nvim_win_get_width(window), rows = vim.api.nvim_win_get_height(window) }
  end
end

--- Lets others see the state: `b:codebeaker` of the buffer.
function View:tell(state)
  if vim.api.nvim_buf_is_valid(self.bufnr) then
    vim.api.nvim_buf_set_var(self.bufnr, 'codebeaker', state)
  end
end

--- Shows a program's output, after all that came before it. `taken` is called when that is done.
function View:output(text, taken)
  self.last = self.last + 1
  self.queue[self.last] = { text = text, taken = taken }
  self:pump()
end

--- Calls `go` when all output so far is shown.
function View:after_output(go)
  self:output('', go)
end

--- Shows words of ours at once: what stands on the line, if it is ours too, is replaced.
function View:note(text)
  self:put(('\r\27[2K\27[2m%s\27[0m'):format(text))
  self.noted = true
end

function View:put(text)
  if self.noted then
    self.noted = false
    text = '\r\27[2K' .. text
  end
  pcall(vim.api.nvim_chan_send, self.channel, text)
end

function View:pump()
  if self.pumping then
    return
  end
  self.pumping = true
  local stop = vim.loop.hrtime() + TURN_MS * 1e6
  while self.first <= self.last do
    local item = self.queue[self.first]
    self.queue[self.first] = nil
    self.first = self.first + 1
    if item.text ~= '' then
      self:put(self.clean(item.text))
    end
    item.taken()
    if vim.loop.hrtime() > stop then
      return vim.defer_fn(function()
        self.pumping = false
        self:pump()
      end, 1)
    end
  end
  self.pumping = false
end

--- The last line. The buffer stays, to be read.
function View:finish(line, state)
  if vim.api.nvim_buf_is_valid(self.bufnr) then
    self:put(line)
  end
  self.over = true
  self:tell(vim.tbl_extend('force', { state = 'ended' }, state))
end

return M
