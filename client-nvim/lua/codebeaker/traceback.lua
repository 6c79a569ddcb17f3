-- Finds places in what a failed program wrote: tracebacks and compilers' messages of the languages that can be run.
local M = {}

--- @class Place
--- @field path string   as it was printed
--- @field line integer
--- @field column integer|nil
--- @field text string

--- Each takes a line and returns path, line, column and text, or nothing. The first that finds something counts.
local shapes = {
  python = function(text)
    local path, line, name = text:match('^%s*File "([^"]+)", line (%d+),? ?(.*)$')
    return path, line, nil, name
  end,
  -- Node and Deno, a call with and without a function's name.
  javascript = function(text)
    local rest = text:match('^%s+at (.+)$')
    if not rest then
      -- What Node puts above the line of code.
      return text:match('^(%S*/%S+):(%d+)$')
    end
    local name, path, line, column = rest:match('^(.-) ?%(([^()]+):(%d+):(%d+)%)$')
    if not path then
      path, line, column = rest:match('^(.+):(%d+):(%d+)$')
      path = path and path:gsub('^async ', '')
    end
    return path, line, column, name and 'in ' .. name
  end,
  -- dotnet says :line 7, mono [0x00000] in /workspace/a.cs:7.
  csharp = function(text)
    local path, line, column, what = text:match('^%s*(.-%.cs)%((%d+),(%d+)[%d,]*%): (.+)$')
    if path then
      return path, line, column, what
    end
    local name, frame, at = text:match('^%s+at (.-) in (.-%.cs):l?i?n?e? ?(%d+)')
    return frame, at, nil, name and 'in ' .. name:gsub(' %[0x%x+%]$', '')
  end,
  ruby = function(text)
    local path, line, what = text:match('^%s*from (.-%.rb):(%d+):?(.*)$')
    if not path then
      path, line, what = text:match('^(%S*%.rb):(%d+):%s*(.+)$')
      what = what and what:gsub('^in [`\'].-\': ', '')
    end
    return path, line, nil, what
  end,
  go = function(text)
    local path, line, column, what = text:match('^%s*(%S-%.go):(%d+):(%d+): (.+)$')
    if not path then
      path, line = text:match('^%s+(/%S-%.go):(%d+)')
    end
    return path, line, column, what
  end,
  -- dash says `a.sh: 3:`, bash `a.sh: line 3:`.
  shellscript = function(text)
    local path, line, what = text:match('^(%S-%.sh): l?i?n?e? ?(%d+): (.+)$')
    return path, line, nil, what
  end,
}
shapes.typescript = shapes.javascript

--- The lines that say what went wrong, where the places do not. Python's follows the places, the others precede them.
local sayings = {
  python = '^[%a_]',
  javascript = '^[%w%s:()_.]-Error[%w%s_%[%]]*: .+$',
  go = '^panic: .+$',
  csharp = '^.*Exception%f[^%w]: .+$',
}
sayings.typescript = sayings.javascript

local function plain(text)
  return (text:gsub('\27%[[%d;:?<>=]*[%a~]', ''):gsub('\r', ''))
end

--- One place that is told of twice in a row is one.
local function add(found, place, at)
  local before = found[at - 1]
  if before and before.path == place.path and before.line == place.line then
    before.column = before.column or place.column
    before.text = before.text ~= '' and before.text or place.text
  else
    table.insert(found, at, place)
  end
end

--- The place where it happened comes first, then who called it.
--- @return Place[]
function M.places(language, output)
  local shape, saying, last = shapes[language], sayings[language], language == 'python'
  local found, said = {}, nil
  for text in (plain(output) .. '\n'):gmatch('([^\n]*)\n') do
    local path, line, column, what = shape(text)
    if path then
      local place = { path = path, line = tonumber(line), column = tonumber(column), text = what or '' }
      add(found, place, last and 1 or #found + 1)
      said = not last and said or nil
    elseif saying and not said and text:find(saying) and (#found > 0 or not last) then
      said = text
    end
  end
  if said and found[1] then
    found[1].text = found[1].text == '' and said or ('%s (%s)'):format(said, found[1].text)
  end
  return found
end

return M
