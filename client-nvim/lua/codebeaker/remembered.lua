-- Remembers for each file what it is run with, in a file of the plugin, so that it outlives the editor. A buffer without a
-- file remembers it in a variable.
local M = {}

--- Only the files that were remembered last are kept.
local MAX_FILES = 200
local OWNER_READ_WRITE, OWNER_ALL = 384, 448 -- 0600, 0700

local VARIABLE = 'codebeaker_run_options'

--- @class RunOptions
--- @field args string[]|nil
--- @field env table<string, string>|nil
--- @field stdin string|nil  all that the program reads; nil if it reads what is typed
--- @field packages string[]|nil  the names of packages that were installed for it
--- @field offers string|nil  'never': nobody wants to be asked about packages that its program lacks

--- Where the file is. Neovim 0.7 has no folder for state.
function M.path()
  return vim.fn.stdpath(vim.fn.has('nvim-0.8') == 1 and 'state' or 'data') .. '/codebeaker/remembered.json'
end

--- The oldest is the first. A file that cannot be read counts as empty.
local function load_all()
  local read, lines = pcall(vim.fn.readfile, M.path())
  local decoded, all = pcall(vim.json.decode, read and table.concat(lines, '\n') or '')
  return decoded and type(all) == 'table' and all or {}
end

--- Replaces the file in one step, so that another editor never reads half of it.
local function save_all(all)
  local path = M.path()
  vim.fn.mkdir(vim.fn.fnamemodify(path, ':h'), 'p', OWNER_ALL)
  local temporary = ('%s.%d'):format(path, vim.loop.os_getpid())
  local file = assert(vim.loop.fs_open(temporary, 'w', OWNER_READ_WRITE))
  assert(vim.loop.fs_write(file, vim.json.encode(all), 0))
  assert(vim.loop.fs_close(file))
  assert(vim.loop.fs_rename(temporary, path))
end

--- The name of the buffer's file, if it has one on this machine.
local function file_of(bufnr)
  return require('codebeaker.source').folder(bufnr) and vim.api.nvim_buf_get_name(bufnr)
end

--- @return RunOptions
function M.of(bufnr)
  local name = file_of(bufnr)
  if not name then
    local known, run_options = pcall(vim.api.nvim_buf_get_var, bufnr, VARIABLE)
    return known and run_options or {}
  end
  for _, one in ipairs(load_all()) do
    if one.file == name then
      return { args = one.args, env = one.env, stdin = one.stdin, packages = one.packages, offers = one.offers }
    end
  end
  return {}
end

--- Empty options are forgotten.
--- @param run_options RunOptions
function M.remember(bufnr, run_options)
  local args = run_options.args and #run_options.args > 0 and run_options.args or nil
  local env = run_options.env and next(run_options.env) and run_options.env or nil
  local stdin = run_options.stdin
  local packages = run_options.packages and #run_options.packages > 0 and run_options.packages or nil
  local offers = run_options.offers
  local name = file_of(bufnr)
  if not name then
    return vim.api.nvim_buf_set_var(bufnr, VARIABLE, { args = args, env = env, stdin = stdin, packages = packages, offers = offers })
  end
  local all = vim.tbl_filter(function(one)
    return one.file ~= name
  end, load_all())
  if args or env or stdin or packages or offers then
    table.insert(all, { file = name, args = args, env = env, stdin = stdin, packages = packages, offers = offers })
  end
  save_all(vim.list_slice(all, math.max(1, #all - MAX_FILES + 1)))
end

return M
