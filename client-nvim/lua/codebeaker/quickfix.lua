-- Makes the traces of a program that failed a quickfix list.
local config = require('codebeaker.config')
local traces = require('codebeaker.traces')
local verdict = require('codebeaker.verdict')

local M = {}

--- Maps a path in the sandbox to a path below the folder that was copied.
--- @param path string as the program printed it
--- @return string|nil nil for a file that is no copy, such as a library of the sandbox
function M.path_in_folder(path)
  path = path:gsub('^file://', '')
  -- Runtimes without a file system of their own print the path on this machine, which ends the same way.
  local below = path:match('^/.*/sandbox%-[^/]+/workspace/(.+)$') or path:match('^/workspace/(.+)$')
  if not below and (path:find('^/') or path:find('^%a[%w+.-]*:') or path:find('^<')) then
    return nil
  end
  local parts = {}
  for part in (below or path):gmatch('[^/]+') do
    if part == '..' then
      if not table.remove(parts) then
        return nil
      end
    elseif part ~= '.' then
      table.insert(parts, part)
    end
  end
  return table.concat(parts, '/')
end

--- @param source Source
--- @param folder string|nil the folder that was copied
--- @param frame Frame
--- @return table|nil item nil for a place that is not in the person's files
local function item_of(source, folder, frame)
  local path = M.path_in_folder(frame.path)
  if path == source.name then
    local column = frame.column and frame.column + source.column_offset
    return { bufnr = source.bufnr, lnum = frame.line, col = column, type = 'E' }
  end
  local file = path and folder and folder .. '/' .. path
  if file and vim.fn.filereadable(file) == 1 then
    return { filename = file, lnum = frame.line, col = frame.column, type = 'E' }
  end
end

--- The first item of a trace has its message. The others are the calls that led to it.
local function items_of_trace(source, folder, trace)
  local items = {}
  for _, frame in ipairs(trace.frames) do
    local item = item_of(source, folder, frame)
    if item then
      local call = frame.name and frame.name ~= '' and 'in ' .. frame.name or nil
      if #items == 0 then
        item.text = call and ('%s (%s)'):format(trace.message, call) or trace.message
      else
        item.text = call or 'called from here'
      end
      table.insert(items, item)
    end
  end
  return items
end

--- Leaves the present list alone if the program did not fail, or if its output has no trace.
--- @param source Source
--- @param folder string|nil the folder that was copied
--- @param result table|nil
--- @param output string
function M.fill(source, folder, result, output)
  local mode = config.get().quickfix
  if not result or not verdict.failed(result) or mode == 'off' then
    return
  end
  local items = {}
  for _, trace in ipairs(traces.find(source.language, output)) do
    vim.list_extend(items, items_of_trace(source, folder, trace))
  end
  if #items == 0 then
    return
  end
  vim.fn.setqflist({}, ' ', { title = ':SandboxRun ' .. source.name, items = items })
  if mode == 'open' then
    local window = vim.api.nvim_get_current_win()
    vim.cmd('copen')
    vim.api.nvim_set_current_win(window)
  end
end

return M
