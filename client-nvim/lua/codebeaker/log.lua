-- Where what the daemon writes to its log ends up: vim.lsp.rpc keeps it with that of language servers.
local M = {}

function M.path()
  local known, path = pcall(function()
    return require('vim.lsp.log').get_filename()
  end)
  return known and path or ''
end

return M
