-- Finds nvim-dap, the plugin that is the debugger which a person sees.
local M = {}

local function is_on_path()
  return #vim.api.nvim_get_runtime_file('lua/dap.lua', false) > 0 or #vim.api.nvim_get_runtime_file('lua/dap/init.lua', false) > 0
end

--- A plugin manager may have it come later, so whoever did not find it may ask again.
--- @param load boolean|nil whether it is wanted now. Some plugin managers put a plugin on the path only when it is required,
---   so whoever wants it requires it; whoever only looks costs a person no time.
--- @return table|nil dap
function M.find(load)
  if not load and not package.loaded.dap and not is_on_path() then
    return nil
  end
  local found, dap = pcall(require, 'dap')
  return found and type(dap) == 'table' and dap.adapters and dap.configurations and dap or nil
end

return M
