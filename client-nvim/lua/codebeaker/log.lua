-- Knows where the daemon's log is: vim.lsp.rpc writes a server's stderr to Neovim's log of language servers.
local M = {}

function M.path()
  local known, path = pcall(function()
    return require('vim.lsp.log').get_filename()
  end)
  return known and path or ''
end

return M
