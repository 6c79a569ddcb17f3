-- Converses with the daemon by way of Neovim's vim.lsp.rpc.
local output, daemon = '', nil
local transport
local on = {
  notification = function(method, params)
    if method ~= 'command/output' then
      return
    end
    if output == '' then
      transport.notify('command/input', { commandId = params.commandId, data = 'two\n' })
    end
    output = output .. params.data
  end,
  server_request = function() end,
  on_exit = function(code)
    daemon = code
  end,
  on_error = function() end,
}
-- Before Neovim 0.10 the program and its arguments were taken apart.
if vim.fn.has('nvim-0.10') == 1 then
  transport = vim.lsp.rpc.start({ vim.env.DAEMON }, on)
else
  transport = vim.lsp.rpc.start(vim.env.DAEMON, {}, on)
end

--- Sends a request, calls `sent` with its id, and returns the error and the result.
local function request(method, params, sent)
  local done, fault, result = false, nil, nil
  local _, id = transport.request(method, params, function(...)
    done, fault, result = true, ...
  end)
  if sent then
    sent(id)
  end
  assert(vim.wait(60000, function()
    return done
  end, 5), 'no answer to ' .. method)
  return fault, result
end

local function result_of(...)
  local fault, result = request(...)
  assert(not fault, vim.inspect(fault))
  return result
end

local function converse()
  result_of('initialize', { processId = vim.fn.getpid(), capabilities = {} })
  transport.notify('initialized', {})
  local sessionId = result_of('session/create', { runtime = 'native', language = 'shellscript' }).sessionId
  local run = result_of('command/runCode', { sessionId = sessionId, code = vim.env.PROGRAM, interactive = true, commandId = 'run' })
  local fault = request('command/readFile', { sessionId = sessionId, path = 'missing' })
  local sleeping = result_of('command/executeShell', { sessionId = sessionId, command = 'sleep 60', commandId = 'sleep' }, function(id)
    transport.notify('$/cancelRequest', { id = id })
  end)
  local close = result_of('session/close', { sessionId = sessionId })
  result_of('shutdown', nil)
  transport.notify('exit', nil)
  vim.wait(10000, function()
    return daemon ~= nil
  end, 5)
  return { output = output, exitCode = run.exitCode, error = fault.code, cancelled = sleeping.outcome, closed = close.closed, daemon = daemon }
end

local _, report = pcall(converse)
vim.fn.writefile({ vim.fn.json_encode(report) }, vim.env.REPORT)
vim.cmd('qall!')
