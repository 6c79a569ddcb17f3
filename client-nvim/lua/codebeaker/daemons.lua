-- The daemons of this editor: one for each trusted folder that files were run from, and one that is given no folder.
local daemon = require('codebeaker.daemon')

local M = {}

local known = {}

--- @param root string|nil
function M.of(root)
  local key = root or ''
  known[key] = known[key] or daemon.new(root)
  return known[key]
end

--- Those that run.
function M.running()
  return vim.tbl_filter(function(one)
    return one.state == 'ready'
  end, vim.tbl_values(known))
end

return M
