-- A client of the Debug Adapter Protocol with the part of nvim-dap's public interface that the plugin and the tests use. It
-- starts the adapter, sets the breakpoints and records what it is told; tests send the rest of the requests.
--
-- As in nvim-dap, a session that begins ends the one whose configuration has its name, and a function of a configuration may
-- return ABORT.
local M = { adapters = {}, configurations = {}, ABORT = {} }

--- What was given to `run`, and what became of it.
M.ran, M.launched = nil, nil
--- Events and responses of the session that began last, in their order.
M.messages = {}
--- All sessions, the one that began last as the last. `exited`: the exit code of the adapter, once it has ended.
M.sessions = {}

--- The buffers of the terminals that adapters have asked for.
M.terminals = {}

--- Path → lines.
local breakpoints = {}

local function body_of(message)
  return message.body or {}
end

local function send(session, message)
  session.last = session.last + 1
  message.seq = session.last
  local text = vim.json.encode(message)
  session.input:write(('Content-Length: %d\r\n\r\n%s'):format(#text, text))
  return session.last
end

--- @param session table|nil that which began last, by default
--- @return integer seq
function M.request(command, arguments, session)
  return send(session or M.sessions[#M.sessions], { type = 'request', command = command, arguments = arguments or vim.empty_dict() })
end

--- The response to the request with this number, as JSON.
function M.response(seq)
  for _, message in ipairs(M.messages) do
    if message.type == 'response' and message.request_seq == seq then
      return message
    end
  end
end

--- The body of the event of this name that came as the `nth`.
function M.event(name, nth)
  local found = 0
  for _, message in ipairs(M.messages) do
    if message.type == 'event' and message.event == name then
      found = found + 1
      if found == (nth or 1) then
        return body_of(message)
      end
    end
  end
end

--- All that the program has printed.
function M.printed()
  local texts = {}
  for _, message in ipairs(M.messages) do
    if message.event == 'output' and body_of(message).category == 'stdout' then
      table.insert(texts, message.body.output)
    end
  end
  return table.concat(texts)
end

function M.set_breakpoint()
  local path = vim.api.nvim_buf_get_name(0)
  breakpoints[path] = breakpoints[path] or {}
  table.insert(breakpoints[path], { line = vim.api.nvim_win_get_cursor(0)[1] })
end

--- Opens a terminal below, and leaves the cursor where it is.
local function run_in_terminal(session, request)
  local before = vim.api.nvim_get_current_win()
  vim.cmd('belowright new')
  local job = vim.fn.termopen(request.arguments.args, { cwd = request.arguments.cwd })
  table.insert(M.terminals, vim.api.nvim_get_current_buf())
  vim.api.nvim_set_current_win(before)
  send(session, { type = 'response', request_seq = request.seq, success = true, command = request.command, body = { processId = vim.fn.jobpid(job) } })
end

--- The text of the terminal that was asked for last. nil: there is none.
function M.terminal()
  local buffer = M.terminals[#M.terminals]
  return buffer and table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
end

--- Puts the cursor into that terminal, to type there.
function M.enter_terminal()
  vim.api.nvim_set_current_win(vim.fn.bufwinid(M.terminals[#M.terminals]))
  vim.cmd('startinsert')
end

local function handle(session, message)
  table.insert(session.messages, message)
  if message.type == 'request' and message.command == 'runInTerminal' then
    run_in_terminal(session, message)
  elseif message.type == 'response' and message.command == 'initialize' then
    M.request('launch', session.launched, session)
  elseif message.event == 'initialized' then
    for path, lines in pairs(breakpoints) do
      M.request('setBreakpoints', { source = { path = path }, breakpoints = lines }, session)
    end
    M.request('configurationDone', nil, session)
  end
end

local function read(session, data)
  session.held = session.held .. data
  while true do
    local length, start = session.held:match('^Content%-Length: (%d+)\r\n\r\n()')
    if not length or #session.held < start - 1 + length then
      return
    end
    local message = vim.json.decode(session.held:sub(start, start - 1 + length), { luanil = { object = true, array = true } })
    session.held = session.held:sub(start + length)
    vim.schedule(function()
      handle(session, message)
    end)
  end
end

local function start(adapter)
  local session = { name = M.ran.name, launched = M.launched, messages = {}, last = 0, held = '', input = vim.loop.new_pipe(false) }
  table.insert(M.sessions, session)
  M.messages, M.exited = session.messages, nil
  local output = vim.loop.new_pipe(false)
  vim.loop.spawn(adapter.command, { args = adapter.args, stdio = { session.input, output, nil } }, function(code)
    session.exited = code
    if M.messages == session.messages then
      M.exited = code
    end
    session.input:close()
  end)
  output:read_start(function(_, data)
    if data then
      read(session, data)
    end
  end)
  M.request('initialize', { adapterID = 'codebeaker', linesStartAt1 = true, columnsStartAt1 = true, pathFormat = 'path', supportsRunInTerminalRequest = true })
end

--- What functions and variables of a configuration stand for.
local function expand(value)
  if type(value) == 'function' then
    value = value()
  end
  if type(value) == 'string' then
    return (value:gsub('%${file}', function()
      return vim.api.nvim_buf_get_name(0)
    end))
  elseif type(value) == 'table' and not vim.tbl_islist(value) then
    return vim.tbl_map(expand, value)
  end
  return value
end

function M.run(configuration)
  M.ran, M.launched = configuration, {}
  for _, session in ipairs(M.sessions) do
    if not session.exited and session.name == configuration.name then
      M.request('disconnect', nil, session)
    end
  end
  for name, value in pairs(configuration) do
    M.launched[name] = expand(value)
    if M.launched[name] == M.ABORT then
      M.launched = nil
      return
    end
  end
  local adapter = M.adapters[configuration.type]
  if type(adapter) == 'function' then
    return adapter(start, M.launched)
  end
  start(adapter)
end

return M
