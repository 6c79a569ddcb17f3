-- Writes files of a sandbox into a folder of this machine. The names come from a program that nobody trusts, so nothing is
-- written outside of the folder, through a symbolic link, over anything but a regular file, or into .git, whose hooks run.
local loop = vim.loop

local M = {}

--- Whether a file system may take the name for `.git`: some leave out characters that are not seen, Windows leaves out dots
--- and spaces at the end and what comes after a colon, and gives `.git` a short name.
local function is_git(name)
  local plain = name:lower():gsub('[\128-\255]', ''):gsub(':.*', ''):gsub('[. ]+$', '')
  return plain == '.git' or plain:find('^git~%d+$') ~= nil
end

--- @param path string below the folder
--- @return string|nil target nil if it must not be written
--- @return string|nil why
function M.target(folder, path)
  if path == '' or path:find('^/') or path:find('//') or path:find('/$') or path:find('%z') then
    return nil, 'it would be outside of the folder'
  end
  -- The daemon writes bytes that are not UTF-8 as U+10FE80 to U+10FEFF.
  if path:find('\244\143[\186\187]') then
    return nil, 'its name is not UTF-8'
  end
  local target = folder
  local parts = vim.split(path, '/', { plain = true })
  for at, part in ipairs(parts) do
    if part == '.' or part == '..' or (vim.fn.has('win32') == 1 and part:find('[\\:]')) then
      return nil, 'it would be outside of the folder'
    end
    if is_git(part) then
      return nil, 'nothing is written into .git, because Git runs programs from there'
    end
    target = target .. '/' .. part
    local stat = loop.fs_lstat(target)
    if stat and at < #parts and stat.type ~= 'directory' then
      return nil, 'a folder on its way there is a link or a file'
    end
    if stat and at == #parts and stat.type ~= 'file' then
      return nil, 'in its place there is a link, a folder or a device'
    end
  end
  return target
end

--- Writes the file beside its place first, so that it is never there in part.
--- @param bytes string
--- @return string|nil fault
function M.write(folder, path, bytes)
  local target, why = M.target(folder, path)
  if not target then
    return why
  end
  local parent = vim.fn.fnamemodify(target, ':h')
  local made, refusal = pcall(vim.fn.mkdir, parent, 'p')
  if not made then
    return tostring(refusal)
  end
  -- mkdtemp(3) puts a name of its own in the place of six X at the end.
  local beside, fault = loop.fs_mkdtemp(parent .. '/.codebeaker-' .. ('X'):rep(6))
  if not beside then
    return fault
  end
  local part = beside .. '/part'
  local stat = loop.fs_lstat(target)
  local mode = stat and stat.mode % 512 or tonumber('666', 8)
  local file
  file, fault = loop.fs_open(part, 'wx', mode)
  if file then
    local written
    if stat then
      -- A file that is replaced keeps its permissions.
      loop.fs_fchmod(file, mode)
    end
    written, fault = loop.fs_write(file, bytes, 0)
    loop.fs_close(file)
    if written == #bytes then
      -- A link that somebody has put there meanwhile is replaced and not followed.
      fault = select(2, loop.fs_rename(part, target))
    else
      fault = fault or 'it could not be written whole'
    end
  end
  loop.fs_unlink(part)
  loop.fs_rmdir(beside)
  return fault
end

return M
