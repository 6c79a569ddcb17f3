-- Which folder of this machine a daemon may copy from, for a file: the one that is trusted and holds it.
local M = {}

--- Absolute, links resolved, without a slash at the end.
local function real(path)
  local full = vim.loop.fs_realpath(vim.fn.fnamemodify(vim.fn.expand(path), ':p'))
  return full and (full == '/' and full or full:gsub('/$', ''))
end

local function holds(root, folder)
  return root == '/' or folder == root or vim.startswith(folder, root .. '/')
end

--- @param trusted boolean|string[] the option
--- @param folder string|nil of the file
--- @return string|nil root nil: nothing may be copied
function M.root(trusted, folder)
  folder = folder and real(folder)
  if not folder or not trusted then
    return nil
  end
  if trusted == true then
    local here = real(vim.fn.getcwd())
    return here and holds(here, folder) and here or folder
  end
  for _, path in ipairs(trusted) do
    local root = real(path)
    if root and holds(root, folder) then
      return root
    end
  end
end

return M
