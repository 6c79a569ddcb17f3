-- Coroutines for code that waits: `go` runs a function as a coroutine, and `await` waits inside it.
local M = {}

--- An error in `body` is shown to the person; the caller does not get it. No `pcall` may be between `go` and `await`,
--- because Neovim can be built with Lua 5.1, which cannot yield across one.
function M.go(body)
  local thread = coroutine.create(body)
  local function step(...)
    local ok, start = coroutine.resume(thread, ...)
    if not ok then
      local trace = debug.traceback(thread, start)
      vim.schedule(function()
        error(trace, 0)
      end)
    elseif coroutine.status(thread) ~= 'dead' then
      start(step)
    end
  end
  step()
end

--- @param start function gets a callback, which it must call once, with what `await` returns
function M.await(start)
  return coroutine.yield(start)
end

return M
