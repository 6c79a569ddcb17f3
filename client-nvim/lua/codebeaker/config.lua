-- The options of `setup`. They are checked when they are set.
local M = {}

local function is_string_list(value)
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

local function is_of_type(kind)
  return function(value)
    return type(value) == kind
  end
end

local function is_one_of(values)
  return function(value)
    return vim.tbl_contains(values, value)
  end
end

--- What `server` must be.
local function is_server(value)
  if type(value) ~= 'table' or type(value.url) ~= 'string' then
    return false
  end
  local kinds = { url = { string = true }, token = { string = true, ['function'] = true, table = true }, ca = { string = true }, same_machine = { boolean = true } }
  for name, part in pairs(value) do
    if not kinds[name] or not kinds[name][type(part)] then
      return false
    end
  end
  return type(value.token) ~= 'table' or type(value.token.file) == 'string'
end

--- Option → what it must be, in words and as a check.
local checks = {
  server = { "{ url = '…', token = a string, a function or { file = '…' }, ca = '…', same_machine = true or false }", is_server },
  command = { 'a list: the program and its arguments', is_string_list },
  runtime = { 'a string', is_of_type('string') },
  preference = { "'speed', 'security', 'memory' or 'balanced'", is_one_of({ 'speed', 'security', 'memory', 'balanced' }) },
  limits = { 'a table', is_of_type('table') },
  network = {
    "'none', 'ask', 'full' or a list of hosts",
    function(value)
      return vim.tbl_contains({ 'none', 'ask', 'full' }, value) or is_string_list(value)
    end,
  },
  env = { 'a table', is_of_type('table') },
  secrets = {
    'a list of names, or a table of names and functions',
    function(value)
      if type(value) ~= 'table' then
        return false
      end
      for name, source in pairs(value) do
        local named = type(name) == 'number' and type(source) == 'string'
        if not named and not (type(name) == 'string' and type(source) == 'function') then
          return false
        end
      end
      return true
    end,
  },
  args = { 'a list of strings', is_string_list },
  trusted = {
    'true, false or a list of folders',
    function(value)
      return type(value) == 'boolean' or is_string_list(value)
    end,
  },
  pty = { 'true or false', is_of_type('boolean') },
  split = { 'a command that splits a window', is_of_type('string') },
  focus = { 'true or false', is_of_type('boolean') },
  packages = { "'auto', 'ask' or 'never'", is_one_of({ 'auto', 'ask', 'never' }) },
  quickfix = { "'fill', 'open' or 'off'", is_one_of({ 'fill', 'open', 'off' }) },
  ports = { 'true or false', is_of_type('boolean') },
  scan = { 'true or false', is_of_type('boolean') },
  dap = { 'true or false', is_of_type('boolean') },
}

local function defaults()
  return {
    limits = {},
    network = 'none',
    env = {},
    secrets = {},
    args = {},
    trusted = false,
    pty = true,
    split = 'botright 12split',
    focus = false,
    quickfix = 'fill',
    packages = 'auto',
    ports = true,
    scan = true,
    dap = true,
  }
end

local options = defaults()

--- Options that are not given get their default.
--- @throws if an option is unknown or has a wrong value; all options then stay as they were
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

--- The names of all options.
function M.names()
  return vim.tbl_keys(checks)
end

function M.get()
  return options
end

--- The program of the daemon: the option, otherwise `codebeaker` if it is on PATH, otherwise the daemon in the
--- repository that this plugin is a part of.
--- @return string[]|nil
local function program()
  if options.command then
    return options.command
  end
  if vim.fn.executable('codebeaker') == 1 then
    return { 'codebeaker', '--stdio' }
  end
  local repository = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h:h:h')
  local script = repository .. '/server/bin/codebeaker.js'
  if vim.fn.filereadable(script) == 1 and vim.fn.executable('node') == 1 then
    return { 'node', script, '--stdio' }
  end
end

--- The same program for something else than to be the daemon.
local function without_stdio(command)
  return vim.tbl_filter(function(argument)
    return argument ~= '--stdio'
  end, command)
end

--- Adds how the daemon elsewhere is reached.
local function add_way(result, server)
  if type(server.token) == 'table' then
    table.insert(result, '--token-file=' .. vim.fn.expand(server.token.file))
  end
  if server.ca then
    table.insert(result, '--ca=' .. vim.fn.expand(server.ca))
  end
  if server.same_machine then
    table.insert(result, '--same-machine')
  end
  return result
end

--- The same program in the place of a daemon elsewhere, which it is connected with.
local function bridge(command, server)
  return add_way(vim.list_extend(without_stdio(command), { 'connect', server.url }), server)
end

--- What the command is told of what the person allows in `network`.
--- @return string[]
local function network_arguments()
  if options.network == 'none' then
    return {}
  end
  return { '--network=' .. (options.network == 'full' and 'full' or 'ask') }
end

--- The daemon elsewhere that debugs. A token has to be in a file: nvim-dap starts the adapter, and gives it no variable.
--- @return string|nil url
function M.debugging_url()
  local server = options.server
  local token = server and server.token
  return server and (token == nil or type(token) == 'table') and server.url or nil
end

--- The command that is a debug adapter, of the daemon elsewhere, or with a daemon of its own on this machine.
--- @return string[]|nil
function M.adapter_command()
  local command = program()
  if not command then
    return nil
  end
  local result, url = vim.list_extend(without_stdio(command), { 'dap' }), M.debugging_url()
  if url then
    return add_way(vim.list_extend(result, { '--connect', url }), options.server)
  end
  return vim.list_extend(result, network_arguments())
end

--- The command that starts the daemon, which is also told what the person allows in `network`; or what connects with the
--- daemon of `server`, where whoever started that one says what is allowed.
--- @return string[]|nil
function M.command()
  local command = program()
  if command and options.server then
    return bridge(command, options.server)
  end
  return command and vim.list_extend(vim.list_slice(command), network_arguments())
end

--- The variables that the command gets besides those of the editor. A token is never in the command, which others can see.
--- @return table<string, string>|nil
function M.environment()
  local token = options.server and options.server.token
  if type(token) == 'function' then
    token = token()
  end
  return type(token) == 'string' and { CODEBEAKER_TOKEN = token } or nil
end

--- @return string|nil url of the daemon elsewhere that does the work
function M.server_url()
  return options.server and options.server.url
end

--- The values of secrets, as `session/create` takes them. The functions of the option are called anew for each sandbox.
--- @return table<string, string>|nil
function M.secrets()
  local secrets = {}
  for name, source in pairs(options.secrets) do
    if type(source) == 'function' then
      secrets[name] = source()
    end
  end
  return next(secrets) and secrets or nil
end

--- The names of secrets of the daemon's configuration.
--- @return string[]|nil
function M.secret_names()
  local names = vim.tbl_filter(function(source)
    return type(source) == 'string'
  end, vim.tbl_values(options.secrets))
  return next(names) and names or nil
end

--- What programs may reach, as `session/create` takes it. nil: nothing.
function M.network()
  local network = options.network
  if network == 'none' then
    return nil
  end
  if network == 'full' then
    return { mode = 'full' }
  end
  return { mode = 'allowlist', hosts = network ~= 'ask' and network or {} }
end

return M
