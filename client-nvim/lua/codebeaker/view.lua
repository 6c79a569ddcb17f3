-- A window with a terminal: shows output no faster than the editor can take it, and tells what is typed.
local config = require('codebeaker.config')
local escapes = require('codebeaker.escapes')

--- Output is shown for this long at a time; in between, the editor handles other events.
local TURN_MS = 8

--- Undoes what the program may have left on: colours, the alternate screen, a hidden cursor, mouse reports, bracketed
--- paste, keypad modes.
local RESET_TERMINAL = '\27[0m\27[?1047l\27[?25h\27[?1000l\27[?1002l\27[?1003l\27[?2004l\27[?1l\27>'
local CLEAR_LINE = '\r\27[2K'

local View = {}
View.__index = View

local M = {}

local last_view_number = 0

--- A window of this tab page that shows a program that has ended.
--- @return integer|nil window
--- @return integer|nil buffer
local function reusable_window()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local buffer = vim.api.nvim_win_get_buf(window)
    local known, state = pcall(vim.api.nvim_buf_get_var, buffer, 'codebeaker')
    if known and state.state == 'ended' then
      return window, buffer
    end
  end
end

--- Shows the buffer in a window and makes it the current one.
--- @return integer window the one that was current before
local function show(buffer)
  local window, old_buffer = reusable_window()
  local before = vim.api.nvim_get_current_win()
  if window then
    vim.api.nvim_set_current_win(window)
  elseif not pcall(vim.cmd, config.get().split) then
    vim.cmd('tab split') -- There is no room for another window.
  end
  vim.api.nvim_win_set_buf(0, buffer)
  vim.cmd('setlocal nonumber norelativenumber signcolumn=no')
  if old_buffer and vim.api.nvim_buf_is_valid(old_buffer) then
    vim.api.nvim_buf_delete(old_buffer, { force = true })
  end
  return before
end

--- Neovim 0.7 can get into a state in which it reports CTRL-C again and again and does nothing else; leaving the terminal
--- mode ends that. A person cannot type it twice before the clock of the event loop moves on.
--- @return function is_repeated takes keys, and returns whether they are such a repeated CTRL-C
local function new_repeat_guard()
  local last
  return function(keys)
    local now = keys == '\3' and vim.loop.now() or nil
    local repeated = now ~= nil and now == last
    last = now
    if repeated then
      vim.cmd('stopinsert')
    end
    return repeated
  end
end

--- @param parts { title: string, focus: boolean, on_type: function, on_resize: function|nil, on_close: function }
function M.open(parts)
  last_view_number = last_view_number + 1
  local buffer = vim.api.nvim_create_buf(false, true)
  local self = setmetatable({
    bufnr = buffer,
    --- Output that is not shown yet, from `first` to `last`.
    queue = {},
    first = 1,
    last = 0,
    filter = escapes.new_filter(),
    at_line_start = true,
  }, View)
  vim.bo[buffer].bufhidden = 'hide'
  vim.api.nvim_buf_set_name(buffer, ('codebeaker://%d/%s'):format(last_view_number, parts.title))
  self:publish({ state = 'running' })
  local before = show(buffer)
  local is_repeated = new_repeat_guard()
  local function tell_size()
    local size = self:size()
    if parts.on_resize and not self.finished and size and not vim.deep_equal(size, self.told_size) then
      self.told_size = size
      parts.on_resize(size)
    end
  end
  self.channel = vim.api.nvim_open_term(buffer, {
    on_input = function(_, _, _, keys)
      if not self.finished and not is_repeated(keys) then
        tell_size() -- Old Neovims send the events only after the terminal mode is left.
        parts.on_type(keys)
      end
    end,
  })
  -- A window whose cursor is on the last line of a terminal follows its output, until the person moves the cursor away.
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(buffer), 0 })
  local group = vim.api.nvim_create_augroup('codebeaker_view_' .. buffer, {})
  vim.api.nvim_create_autocmd({ 'BufDelete', 'BufWipeout' }, {
    group = group,
    buffer = buffer,
    once = true,
    callback = function()
      vim.api.nvim_del_augroup_by_id(group)
      if not self.finished then
        parts.on_close()
      end
    end,
  })
  if parts.on_resize then
    local events = vim.fn.exists('##WinResized') == 1 and { 'VimResized', 'WinResized' } or { 'VimResized', 'WinScrolled' }
    vim.api.nvim_create_autocmd(events, { group = group, callback = tell_size })
  end
  self.told_size = self:size()
  if parts.focus then
    vim.cmd('startinsert')
  elseif vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
  return self
end

--- @return { cols: integer, rows: integer }|nil size nil while no window shows it
function View:size()
  local window = vim.fn.bufwinid(self.bufnr)
  if window ~= -1 then
    return { cols = vim.api.nvim_win_get_width(window), rows = vim.api.nvim_win_get_height(window) }
  end
end

--- Sets the buffer's variable `b:codebeaker`, which scripts and status lines can read.
function View:publish(state)
  if vim.api.nvim_buf_is_valid(self.bufnr) then
    vim.api.nvim_buf_set_var(self.bufnr, 'codebeaker', state)
  end
end

--- Shows a piece of the program's output after all pieces before it, and then calls `on_shown`.
function View:write_output(text, on_shown)
  self.last = self.last + 1
  self.queue[self.last] = { text = text, on_shown = on_shown }
  self:pump()
end

--- Calls `done` when all output so far is shown.
function View:after_output(done)
  self:write_output('', done)
end

--- Shows a line of the plugin that the next text replaces.
function View:write_status(text)
  self:write_now(('\27[2m%s\27[0m'):format(text))
  self.status_shown, self.at_line_start = true, true
end

--- Shows text at once, before output that is still queued.
function View:write_now(text)
  if self.status_shown then
    self.status_shown = false
    text = CLEAR_LINE .. text
  end
  self.at_line_start = text:sub(-1) == '\n'
  pcall(vim.api.nvim_chan_send, self.channel, text)
end

function View:pump()
  if self.pumping then
    return
  end
  self.pumping = true
  local deadline = vim.loop.hrtime() + TURN_MS * 1e6
  while self.first <= self.last do
    local piece = self.queue[self.first]
    self.queue[self.first] = nil
    self.first = self.first + 1
    local text = self.filter(piece.text)
    if text ~= '' then
      self:write_now(text)
    end
    piece.on_shown()
    if vim.loop.hrtime() > deadline then
      return vim.defer_fn(function()
        self.pumping = false
        self:pump()
      end, 1)
    end
  end
  self.pumping = false
end

--- Shows the last line. The buffer stays open, so that it can be read.
function View:finish(line, state)
  if vim.api.nvim_buf_is_valid(self.bufnr) then
    self:write_now(RESET_TERMINAL .. (self.at_line_start and '' or '\r\n') .. line)
  end
  self.finished = true
  self:publish(vim.tbl_extend('force', { state = 'ended' }, state))
end

return M
