-- A process with a JSON-RPC connection, over vim.lsp.rpc. Only this file knows how that differs between Neovim versions.
local M = {}

local METHOD_NOT_FOUND = -32601
local CANCELLED = -32800

--- Before Neovim 0.10, vim.lsp.rpc.start took the program and its arguments apart, and returned nil for a missing program.
local function spawn(command, dispatchers, env)
  local started, transport
  if vim.fn.has('nvim-0.10') == 1 then
    started, transport = pcall(vim.lsp.rpc.start, command, dispatchers, { env = env })
  else
    started, transport = pcall(vim.lsp.rpc.start, command[1], vim.list_slice(command, 2), dispatchers, { env = env })
  end
  return started and transport or nil
end

--- @param command string[]
--- @param on { notification: function, requests: table<string, function>, exit: function } `requests` answer those of the
---   process, by their methods; `exit` gets the exit code and the signal
--- @param env table<string, string>|nil variables that the process gets besides those of the editor
--- @return table|nil connection nil if the program cannot be started
function M.start(command, on, env)
  if vim.fn.executable(command[1]) == 0 then
    return nil
  end
  --- Ids of the requests that have no answer yet.
  local pending = {}
  local transport = spawn(command, {
    notification = on.notification,
    server_request = function(method, params)
      if method == 'window/workDoneProgress/create' then
        return vim.NIL
      end
      local answer = on.requests[method]
      if answer then
        return answer(params)
      end
      return nil, { code = METHOD_NOT_FOUND, message = 'This client does not serve ' .. method }
    end,
    on_exit = function(code, signal)
      vim.schedule(function()
        on.exit(code, signal)
      end)
    end,
    on_error = function() end,
  }, env)
  if not transport then
    return nil
  end

  local connection = {}

  --- `answer(fault, result)` is called once, unless the process ends before.
  --- @return integer|nil id nil if the process has ended; `answer` is then never called
  function connection.request(method, params, answer)
    local id
    local function settle(fault, result)
      if pending[id] then
        pending[id] = nil
        answer(fault, result)
      end
    end
    -- vim.lsp.rpc does not pass on the answer to a cancelled request, but it calls this function for every answer.
    local function answer_came()
      vim.schedule(function()
        settle({ code = CANCELLED, message = 'cancelled' })
      end)
    end
    local sent
    sent, id = transport.request(method, params, settle, answer_came)
    if sent and id then
      pending[id] = true
      return id
    end
  end

  connection.notify = transport.notify

  return connection
end

return M
