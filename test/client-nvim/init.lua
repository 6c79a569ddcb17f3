-- The configuration of the editor under test. It puts the plugin on the runtime path and connects to the test, which sends
-- Lua to run here. Messages are only recorded, because nobody can press Enter to confirm them.
vim.opt.runtimepath:prepend(vim.env.CODEBEAKER_PLUGIN)
vim.opt.shortmess:append('I')
vim.o.columns, vim.o.lines = 200, 50
vim.cmd('filetype plugin indent on')

shown_messages = {}
vim.notify = function(text)
  table.insert(shown_messages, text)
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
