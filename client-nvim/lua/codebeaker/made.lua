-- Finds out what a program made or changed in its sandbox, and keeps such a sandbox open so that the files can be brought home.
local sandbox = require('codebeaker.sandbox')

local WORKSPACE = '/workspace/'
--- When more sandboxes are kept, the oldest is closed.
local MAX_KEPT = 4

local M = {}

--- @class Kept
--- @field bufnr integer  the buffer of the output; the sandbox is closed with it
--- @field daemon Daemon
--- @field session table
--- @field source Source
--- @field files MadeFile[]

--- @class MadeFile
--- @field path string  below /workspace
--- @field mark string  'new', or 'changed' if the program began with a copy of the person's file
--- @field size integer
--- @field mtime_ms number

--- The oldest is the first.
local kept = {}

local function milliseconds(time)
  return time.sec * 1000 + math.floor(time.nsec / 1e6)
end

--- @return number|nil mtime_ms nil if there is nothing
function M.mtime_ms(path)
  local stat = vim.loop.fs_lstat(path)
  return stat and milliseconds(stat.mtime)
end

--- @param folder string|nil the folder whose copy is in the sandbox
--- @param began number when the text of the source was written into the sandbox
local function mark_of(entry, path, folder, began)
  local own = folder and vim.loop.fs_lstat(folder .. '/' .. path)
  if not own then
    return 'new'
  end
  -- Copies keep their times, to the millisecond.
  local is_copy = own.size == entry.size and milliseconds(own.mtime) == math.floor(entry.mtimeMs)
  return entry.mtimeMs >= began and not is_copy and 'changed' or nil
end

--- Links and devices are not among them, nor is the source itself. Must be called inside `async.go`.
--- @param folder string|nil
--- @return MadeFile[]
function M.look(daemon, session, source, folder)
  local fault, list = daemon:call('command/listDirectory', { sessionId = session.sessionId, recursive = true })
  if fault then
    return {}
  end
  local began = 0
  for _, entry in ipairs(list.entries) do
    if entry.path == WORKSPACE .. source.name then
      began = entry.mtimeMs
    end
  end
  local files = {}
  for _, entry in ipairs(list.entries) do
    local path = entry.path:sub(#WORKSPACE + 1)
    if entry.type == 'file' and path ~= source.name and not ('/' .. path):find('/__pycache__/', 1, true) then
      local mark = mark_of(entry, path, folder, began)
      if mark then
        table.insert(files, { path = path, mark = mark, size = entry.size, mtime_ms = entry.mtimeMs })
      end
    end
  end
  return files
end

local function close(one)
  kept = vim.tbl_filter(function(other)
    return other ~= one
  end, kept)
  sandbox.close(one.daemon, one.session)
end

--- Keeps the sandbox until its output is deleted, or until newer ones take its place.
--- @param one Kept
function M.keep(one)
  table.insert(kept, one)
  vim.api.nvim_create_autocmd({ 'BufDelete', 'BufWipeout' }, {
    buffer = one.bufnr,
    once = true,
    callback = function()
      if vim.tbl_contains(kept, one) then
        close(one)
      end
    end,
  })
  if #kept > MAX_KEPT then
    close(kept[1])
  end
end

--- The newest sandbox of a program that was run from this buffer or whose output it shows; otherwise the newest of all.
--- @return Kept|nil
function M.of(bufnr)
  for at = #kept, 1, -1 do
    if kept[at].bufnr == bufnr or kept[at].source.bufnr == bufnr then
      return kept[at]
    end
  end
  return kept[#kept]
end

return M
