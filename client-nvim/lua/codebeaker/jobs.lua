-- What runs now: programs and shells, each with the buffers it belongs to.
local M = {}

local running = {}

--- @param job { buffers: integer[], stop: function }
function M.add(job)
  running[job] = true
end

function M.remove(job)
  running[job] = nil
end

--- Stops those of a buffer, or all.
--- @param bufnr integer|nil
--- @return integer how many there were
function M.stop(bufnr)
  local count = 0
  for job in pairs(running) do
    if not bufnr or vim.tbl_contains(job.buffers, bufnr) then
      count = count + 1
      job:stop()
    end
  end
  return count
end

return M
