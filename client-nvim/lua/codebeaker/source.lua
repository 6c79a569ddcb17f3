-- What is to be run: the text of a buffer as it is now, saved or not, and where its lines come from.
local M = {}

local language = require('codebeaker.language')

--- @class Source
--- @field bufnr integer
--- @field language string
--- @field name string   the file's name in the sandbox
--- @field text string
--- @field folder string|nil   the file's folder on this machine, where there is one
--- @field line integer   how many lines of the buffer precede the text
--- @field column integer   how many bytes were cut from the start of each line

local function lastLine(bufnr)
  return vim.api.nvim_buf_line_count(bufnr)
end

--- What all lines with text start with is no part of a selection: a method's body runs on its own.
local function dedent(lines)
  local common
  for _, text in ipairs(lines) do
    local space, rest = text:match('^(%s*)(.*)$')
    if rest ~= '' then
      common = common or space
      while common ~= space:sub(1, #common) do
        common = common:sub(1, -2)
      end
    end
  end
  local cut = #(common or '')
  return vim.tbl_map(function(text)
    return text:sub(cut + 1)
  end, lines), cut
end

--- The file's folder and name. Neither for a buffer that stands for no file of this machine.
local function place(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or name:find('^%a[%w+.-]+://') then
    return nil, nil
  end
  local folder = vim.fn.fnamemodify(name, ':p:h')
  return vim.fn.isdirectory(folder) == 1 and folder or nil, vim.fn.fnamemodify(name, ':t')
end

--- @return string|nil
function M.folder(bufnr)
  return (place(bufnr))
end

--- @param range integer[]|nil first and last line
--- @return Source|nil, string|nil fault
function M.of(bufnr, range)
  local filetype = vim.bo[bufnr].filetype
  local id = language.of(filetype)
  if not id then
    local what = filetype == '' and 'without a file type' or ("of type '%s'"):format(filetype)
    return nil, ('a buffer %s cannot be run; :setfiletype names another (%s)'):format(what, table.concat(language.all, ', '))
  end
  local first, last = 1, lastLine(bufnr)
  if range then
    first, last = range[1], range[2]
  end
  local lines, column = vim.api.nvim_buf_get_lines(bufnr, first - 1, last, false), 0
  if range then
    lines, column = dedent(lines)
  end
  local folder, name = place(bufnr)
  return {
    bufnr = bufnr,
    language = id,
    name = name or language.filename(id),
    text = table.concat(lines, '\n') .. '\n',
    folder = folder,
    line = first - 1,
    column = column,
  }
end

return M
