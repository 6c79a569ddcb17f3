-- From Neovim's file types to the language ids of the protocol.
local M = {}

local byFiletype = {
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

M.all = vim.tbl_keys(extensions)
table.sort(M.all)

--- @return string|nil
function M.of(filetype)
  return byFiletype[vim.split(filetype, '.', { plain = true })[1]]
end

--- What a file is called that has no name.
function M.filename(language)
  return 'untitled.' .. extensions[language]
end

return M
