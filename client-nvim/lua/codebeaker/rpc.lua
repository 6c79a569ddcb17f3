-- One process and its messages, over vim.lsp.rpc, the same for every Neovim from 0.7 on.
local M = {}

local METHOD_NOT_FOUND = -32601
local CANCELLED = -32800

--- Starts the process. vim.lsp.rpc took the program and its arguments apart before 0.10, and told of a missing
--- program by returning nothing.
local function spawn(command, dispatchers)
  local started, transport
  if vim.fn.has('nvim-0.10') == 1 then
    started, transport = pcall(vim.lsp.rpc.start, command, dispatchers)
  else
    started, transport = pcall(vim.lsp.rpc.start, command[1], vim.list_slice(command, 2), dispatchers)
  end
  return started and transport or nil
end

--- @param command string[]
--- @param on { notification: function, exit: function } `exit` gets the exit code and the signal
--- @return table|nil connection nil where the program cannot be started
function M.start(command, on)
  if vim.fn.executable(command[1]) == 0 then
    return nil
  end
  local waiting = {}
  local transport = spawn(command, {
    notification = on.notification,
    server_request = function(method)
      if method == 'window/workDoneProgress/create' then
        return vim.NIL
      end
      return nil, { code = METHOD_NOT_FOUND, message = 'This client does not serve ' .. method }
    end,
    on_exit = function(code, signal)
      vim.schedule(function()
        on.exit(code, signal)
      end)
    end,
    on_error = function() end,
  })
  if not transport then
    return nil
  end

  local connection = {}

  --- `answer(fault, result)` is called once, unless the process ends before.
  --- @return integer|nil id nil where the process is gone; `answer` is then never called
  function connection.request(method, params, answer)
    local id
    local function settle(fault, result)
      if waiting[id] then
        waiting[id] = nil
        answer(fault, result)
      end
    end
    -- vim.lsp.rpc keeps the answer to a cancelled request to itself, but says that there was one.
    local function answered()
      vim.schedule(function()
        settle({ code = CANCELLED, message = 'cancelled' })
      end)
    end
    local sent
    sent, id = transport.request(method, params, settle, answered)
    if sent and id then
      waiting[id] = true
      return id
    end
  end

  connection.notify = transport.notify

  return connection
end

return M
