-- The options, checked when they are set.
local M = {}

local function strings(value)
  if type(value) ~= 'table' then
    return false
  end
  for _, item in ipairs(value) do
    if type(item) ~= 'string' then
      return false
    end
  end
  return #value == vim.tbl_count(value)
end

local function is(kind)
  return function(value)
    return type(value) == kind
  end
end

local function oneOf(values)
  return function(value)
    return vim.tbl_contains(values, value)
  end
end

--- Option → what it must be, in words and as a check.
local checks = {
  command = { 'a list: the program and its arguments', strings },
  runtime = { 'a string', is('string') },
  preference = { "'speed', 'security', 'memory' or 'balanced'", oneOf({ 'speed', 'security', 'memory', 'balanced' }) },
  limits = { 'a table', is('table') },
  env = { 'a table', is('table') },
  args = { 'a list of strings', strings },
  trusted = {
    'true, false or a list of folders',
    function(value)
      return type(value) == 'boolean' or strings(value)
    end,
  },
  pty = { 'true or false', is('boolean') },
  split = { 'a command that splits a window', is('string') },
  focus = { 'true or false', is('boolean') },
  quickfix = { "'fill', 'open' or 'off'", oneOf({ 'fill', 'open', 'off' }) },
}

local function defaults()
  return {
    limits = {},
    env = {},
    args = {},
    trusted = false,
    pty = true,
    split = 'botright 12split',
    focus = false,
    quickfix = 'fill',
  }
end

local options = defaults()

--- @throws where an option is unknown or is not what it must be; then all stay as they were
function M.set(given)
  for name, value in pairs(given) do
    local check = checks[name]
    if not check then
      error(("codebeaker: there is no option '%s'; see :help codebeaker-options"):format(name), 0)
    end
    if not check[2](value) then
      error(("codebeaker: the option '%s' must be %s"):format(name, check[1]), 0)
    end
  end
  options = vim.tbl_extend('force', defaults(), given)
end

--- What can be set.
function M.names()
  return vim.tbl_keys(checks)
end

function M.get()
  return options
end

--- How the daemon is started: as set, else `codebeaker` where it is on PATH, else the one this plugin came with.
--- @return string[]|nil
function M.command()
  if options.command then
    return options.command
  end
  if vim.fn.executable('codebeaker') == 1 then
    return { 'codebeaker', '--stdio' }
  end
  local here = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h:h:h')
  local beside = here .. '/server/bin/codebeaker.js'
  if vim.fn.filereadable(beside) == 1 and vim.fn.executable('node') == 1 then
    return { 'node', beside, '--stdio' }
  end
end

return M
