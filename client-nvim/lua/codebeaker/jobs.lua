-- The jobs that run now.
local M = {}

local running = {}

--- @param job Job
function M.add(job)
  running[job] = true
end

--- @param job Job
function M.remove(job)
  running[job] = nil
end

--- Stops the jobs that belong to a buffer, or all.
--- @param bufnr integer|nil
--- @return integer count how many were stopped
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
