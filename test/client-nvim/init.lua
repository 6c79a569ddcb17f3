-- The configuration of the editor under test: the plugin on the runtime path, and a line to the test, over which it
-- sends Lua to run here. Messages to the person are kept, for nobody is there to press Enter.
vim.opt.runtimepath:prepend(vim.env.CODEBEAKER_PLUGIN)
vim.opt.shortmess:append('I')
vim.o.columns, vim.o.lines = 200, 50
vim.cmd('filetype plugin indent on')

told = {}
vim.notify = function(text)
  table.insert(told, text)
end

local function answer(line)
  local request = vim.json.decode(line)
  local ok, text = xpcall(function()
    local value = assert(load(request.code))()
    return vim.json.encode({ id = request.id, ok = true, value = value == nil and vim.NIL or value })
  end, debug.traceback)
  return (ok and text or vim.json.encode({ id = request.id, ok = false, value = text })) .. '\n'
end

local pipe, held = vim.loop.new_pipe(false), ''
pipe:connect(vim.env.CODEBEAKER_TEST_SOCKET, function(failed)
  assert(not failed, failed)
  pipe:read_start(function(_, data)
    held = held .. (data or '')
    for line in held:gmatch('([^\n]*)\n') do
      vim.schedule(function()
        pipe:write(answer(line))
      end)
    end
    held = held:match('[^\n]*$')
  end)
end)
