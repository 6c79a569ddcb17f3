-- Decides which folder of this machine a daemon may copy from: the trusted folder that holds the file.
local M = {}

--- Makes a path absolute, resolves its symbolic links and removes a slash at the end.
local function real_path(path)
  local full = vim.loop.fs_realpath(vim.fn.fnamemodify(vim.fn.expand(path), ':p'))
  return full and (full == '/' and full or full:gsub('/$', ''))
end

local function contains(root, folder)
  return root == '/' or folder == root or vim.startswith(folder, root .. '/')
end

--- @param trusted boolean|string[] the option `trusted`
--- @param folder string|nil the folder that the file is in
--- @return string|nil root nil if nothing may be copied
function M.root(trusted, folder)
  folder = folder and real_path(folder)
  if not folder or not trusted then
    return nil
  end
  if trusted == true then
    local working_directory = real_path(vim.fn.getcwd())
    return working_directory and contains(working_directory, folder) and working_directory or folder
  end
  for _, path in ipairs(trusted) do
    local root = real_path(path)
    if root and contains(root, folder) then
      return root
    end
  end
end

return M
