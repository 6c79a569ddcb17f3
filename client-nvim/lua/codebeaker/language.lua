-- Maps Neovim's file types to the protocol's language ids.
local M = {}

local by_filetype = {
  python = 'python',
  javascript = 'javascript',
  javascriptreact = 'javascript',
  typescript = 'typescript',
  typescriptreact = 'typescript',
  go = 'go',
  cs = 'csharp',
  ruby = 'ruby',
  sh = 'shellscript',
  bash = 'shellscript',
  zsh = 'shellscript',
}

local extensions = {
  python = 'py',
  javascript = 'js',
  typescript = 'ts',
  go = 'go',
  csharp = 'cs',
  ruby = 'rb',
  shellscript = 'sh',
}

--- The languages that have a debugger in a sandbox.
local debuggable = { python = true, javascript = true, typescript = true, go = true, ruby = true }

--- All language ids.
M.ids = vim.tbl_keys(extensions)
table.sort(M.ids)

--- @return string|nil id nil if the language cannot be run
function M.of_filetype(filetype)
  return by_filetype[vim.split(filetype, '.', { plain = true })[1]]
end

--- The file types whose programs can be debugged.
--- @return string[]
function M.debuggable_filetypes()
  local filetypes = vim.tbl_filter(function(filetype)
    return debuggable[by_filetype[filetype]]
  end, vim.tbl_keys(by_filetype))
  table.sort(filetypes)
  return filetypes
end

--- @return boolean
function M.is_debuggable(id)
  return debuggable[id] == true
end

--- The file name of a buffer that has none.
function M.default_filename(id)
  return 'untitled.' .. extensions[id]
end

return M
