-- Code that waits reads from top to bottom: `go` runs a function as a coroutine, `await` waits within it.
local M = {}

--- A fault in `body` is shown as an error and concerns nobody else. No `pcall` may stand between `go` and `await`.
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

--- `start` gets a function to call, once, with what `await` returns.
function M.await(start)
  return coroutine.yield(start)
end

return M
