-- What programs are run with, remembered for each file: in a file of ours, so that it outlives the editor. For a buffer
-- without a file, as long as there is the buffer.
local M = {}

--- The files remembered last are the ones that are kept.
local MAX_FILES = 200
local FOR_ME_ALONE, FOLDER_FOR_ME_ALONE = 384, 448 -- 0600, 0700

local VARIABLE = 'codebeaker_with'

--- @class With
--- @field args string[]|nil
--- @field env table<string, string>|nil
--- @field stdin string|nil  all that the program can read; nil: what is typed

--- Where it is kept. Neovim 0.7 has no folder for state.
function M.path()
  return vim.fn.stdpath(vim.fn.has('nvim-0.8') == 1 and 'state' or 'data') .. '/codebeaker/remembered.json'
end

--- The oldest is the first. What cannot be read counts as nothing.
local function entries()
  local read, lines = pcall(vim.fn.readfile, M.path())
  local known, list = pcall(vim.json.decode, read and table.concat(lines, '\n') or '')
  return known and type(list) == 'table' and list or {}
end

--- Another editor reads the old ones or the new ones, and never a half.
local function keep(list)
  local path = M.path()
  vim.fn.mkdir(vim.fn.fnamemodify(path, ':h'), 'p', FOLDER_FOR_ME_ALONE)
  local new = ('%s.%d'):format(path, vim.loop.os_getpid())
  local file = assert(vim.loop.fs_open(new, 'w', FOR_ME_ALONE))
  assert(vim.loop.fs_write(file, vim.json.encode(list), 0))
  assert(vim.loop.fs_close(file))
  assert(vim.loop.fs_rename(new, path))
end

local function file(bufnr)
  return require('codebeaker.source').folder(bufnr) and vim.api.nvim_buf_get_name(bufnr)
end

--- @return With
function M.of(bufnr)
  local name = file(bufnr)
  if not name then
    local known, with = pcall(vim.api.nvim_buf_get_var, bufnr, VARIABLE)
    return known and with or {}
  end
  for _, entry in ipairs(entries()) do
    if entry.file == name then
      return { args = entry.args, env = entry.env, stdin = entry.stdin }
    end
  end
  return {}
end

--- Nothing at all is forgotten.
--- @param with With
function M.remember(bufnr, with)
  local args = with.args and #with.args > 0 and with.args or nil
  local env = with.env and next(with.env) and with.env or nil
  local name = file(bufnr)
  if not name then
    return vim.api.nvim_buf_set_var(bufnr, VARIABLE, { args = args, env = env, stdin = with.stdin })
  end
  local list = vim.tbl_filter(function(entry)
    return entry.file ~= name
  end, entries())
  if args or env or with.stdin then
    table.insert(list, { file = name, args = args, env = env, stdin = with.stdin })
  end
  keep(vim.list_slice(list, math.max(1, #list - MAX_FILES + 1)))
end

return M
