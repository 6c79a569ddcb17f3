-- From places in the sandbox to places in the editor.
local config = require('codebeaker.config')
local traceback = require('codebeaker.traceback')

local M = {}

--- The path below the workspace, or nil for what lies elsewhere. A runtime without a file system of its own has the
--- workspace somewhere on this machine: what precedes its name does not count.
local function below(path)
  path = path:gsub('^file://', '')
  local rest = path:match('^/.-/workspace/(.+)$') or path:match('^/workspace/(.+)$')
  if rest then
    return rest
  end
  if not vim.startswith(path, '/') and not path:find('^%a[%w+.-]*:') and not path:find('^<') then
    return (path:gsub('^%./', ''))
  end
end

--- @param source Source
--- @param folder string|nil the one that was copied
--- @param place Place
--- @return table|nil item of a quickfix list; nil for a place that is none of the person's
function M.item(source, folder, place)
  local path = below(place.path)
  if path == source.name then
    local column = place.column and place.column + source.column
    return { bufnr = source.bufnr, lnum = place.line + source.line, col = column, text = place.text, type = 'E' }
  end
  local file = path and folder and folder .. '/' .. path
  if file and vim.fn.filereadable(file) == 1 then
    return { filename = file, lnum = place.line, col = place.column, text = place.text, type = 'E' }
  end
end

--- Makes a list of a program that failed. Where nothing is found, the list that was there stays.
function M.fill(source, folder, result, output)
  local mode = config.get().quickfix
  local failed = result and (result.outcome == 'signaled' or result.outcome == 'exited' and result.exitCode ~= 0)
  if not failed or mode == 'off' then
    return
  end
  local items = {}
  for _, place in ipairs(traceback.places(source.language, output)) do
    items[#items + 1] = M.item(source, folder, place)
  end
  if #items == 0 then
    return
  end
  vim.fn.setqflist({}, ' ', { title = ':SandboxRun ' .. source.name, items = items })
  if mode == 'open' then
    local before = vim.api.nvim_get_current_win()
    vim.cmd('copen')
    vim.api.nvim_set_current_win(before)
  end
end

return M
