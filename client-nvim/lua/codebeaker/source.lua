-- The source of a run: the text of a buffer as it is now, saved or not, or a range of its lines.
local M = {}

local language = require('codebeaker.language')

--- @class Source
--- @field bufnr integer
--- @field language string
--- @field name string  the file's name in the sandbox
--- @field text string
--- @field uri string|nil  that of the file, if it is on this machine, with a fragment for a part of it
--- @field folder string|nil  the folder that the file is in, if it is on this machine
--- @field column_offset integer  how many bytes were removed from the start of each line

local function common_start(a, b)
  while a ~= b:sub(1, #a) do
    a = a:sub(1, -2)
  end
  return a
end

--- Empty lines come first, so that line numbers in traces are right. The indentation that all lines share is removed.
--- @param lines string[]
--- @param start_line integer the number of the first line, counted from 0
--- @return string text
--- @return integer column_offset how many bytes were removed from the start of each line
function M.selection_text(lines, start_line)
  local shared
  for _, line in ipairs(lines) do
    if line:find('%S') then
      local indent = line:match('^[ \t]*')
      shared = shared and common_start(shared, indent) or indent
    end
  end
  shared = shared or ''
  local moved = vim.tbl_map(function(line)
    return vim.startswith(line, shared) and line:sub(#shared + 1) or line
  end, lines)
  return ('\n'):rep(start_line) .. table.concat(moved, '\n') .. '\n', #shared
end

--- @return string|nil folder nil for a buffer without a file on this machine
--- @return string|nil name
local function folder_and_name(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or name:find('^%a[%w+.-]+://') then
    return nil, nil
  end
  local folder = vim.fn.fnamemodify(name, ':p:h')
  return vim.fn.isdirectory(folder) == 1 and folder or nil, vim.fn.fnamemodify(name, ':t')
end

--- The folder that the buffer's file is in.
--- @return string|nil
function M.folder(bufnr)
  return (folder_and_name(bufnr))
end

--- @param range integer[]|nil the first and the last line, counted from 1; nil for the whole buffer
--- @return Source|nil source
--- @return string|nil fault why the buffer cannot be run
function M.of(bufnr, range)
  local filetype = vim.bo[bufnr].filetype
  local id = language.of_filetype(filetype)
  if not id then
    local what = filetype == '' and 'without a file type' or ("of the type '%s'"):format(filetype)
    local text = 'a buffer %s cannot be run; set its type with :setfiletype (languages: %s)'
    return nil, text:format(what, table.concat(language.ids, ', '))
  end
  local text, column_offset
  if range then
    text, column_offset = M.selection_text(vim.api.nvim_buf_get_lines(bufnr, range[1] - 1, range[2], false), range[1] - 1)
  else
    text, column_offset = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n') .. '\n', 0
  end
  local folder, name = folder_and_name(bufnr)
  return {
    bufnr = bufnr,
    language = id,
    name = name or language.default_filename(id),
    text = text,
    uri = folder and vim.uri_from_fname(folder .. '/' .. name) .. (range and '#selection' or '') or nil,
    folder = folder,
    column_offset = column_offset,
  }
end

return M
