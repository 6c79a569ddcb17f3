-- The daemons of this editor: one for each trusted folder that files were run from, and one that may not copy any folder.
local daemon = require('codebeaker.daemon')

local M = {}

--- Trusted folder, or '' → its daemon.
local by_root = {}

--- @param root string|nil the trusted folder
--- @return Daemon
function M.of(root)
  local key = root or ''
  by_root[key] = by_root[key] or daemon.new(root)
  return by_root[key]
end

--- @return Daemon[]
function M.ready()
  return vim.tbl_filter(function(one)
    return one.state == 'ready'
  end, vim.tbl_values(by_root))
end

return M
