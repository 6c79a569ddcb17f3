-- Converses with the daemon by way of Neovim's vim.lsp client, as a plugin for a language server does.
local output, daemon, ready = '', nil, false
local start = vim.fn.has('nvim-0.11') == 1 and vim.lsp.start or vim.lsp.start_client
local id = start({
  name = 'codebeaker',
  cmd = { vim.env.DAEMON },
  root_dir = vim.fn.getcwd(),
  handlers = {
    ['command/output'] = function(_, params, context)
      local client = vim.lsp.get_client_by_id(context.client_id)
      if output == '' then
        client.rpc.notify('command/input', { commandId = params.commandId, data = 'two\n' })
      end
      output = output .. params.data
    end,
  },
  on_init = function()
    ready = true
  end,
  on_exit = function(code)
    daemon = code
  end,
})
local client = vim.lsp.get_client_by_id(id)

local function wait(what, check)
  assert(vim.wait(60000, check, 5), 'not reached: ' .. what)
end

--- Since Neovim 0.11 the functions of a client are methods.
local function call(name, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

local function request(method, params, sent)
  local done, fault, result = false, nil, nil
  local _, number = call('request', method, params, function(...)
    done, fault, result = true, ...
  end)
  if sent then
    sent(number)
  end
  wait(method, function()
    return done
  end)
  return fault, result
end

local function result_of(...)
  local fault, result = request(...)
  assert(not fault, vim.inspect(fault))
  return result
end

local function converse()
  wait('initialize', function()
    return ready
  end)
  local sessionId = result_of('session/create', { runtime = 'native', language = 'shellscript' }).sessionId
  local run = result_of('command/runCode', { sessionId = sessionId, code = vim.env.PROGRAM, interactive = true, commandId = 'run' })
  local fault = request('command/readFile', { sessionId = sessionId, path = 'missing' })
  local sleeping = result_of('command/executeShell', { sessionId = sessionId, command = 'sleep 60', commandId = 'sleep' }, function(number)
    call('cancel_request', number)
  end)
  local close = result_of('session/close', { sessionId = sessionId })
  call('stop')
  wait('the end of the daemon', function()
    return daemon ~= nil
  end)
  return { output = output, exitCode = run.exitCode, error = fault.code, cancelled = sleeping.outcome, closed = close.closed, daemon = daemon }
end

local _, report = pcall(converse)
vim.fn.writefile({ vim.fn.json_encode(report) }, vim.env.REPORT)
vim.cmd('qall!')
