-- Command-line words as people type them: blanks part them; quotes and backslashes hold them together, as in sh.
local M = {}

--- @return string[]|nil words, string|nil quote the one that is not closed
function M.split(text)
  local words, word, quote, at = {}, nil, nil, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == quote then
      quote = nil
    elseif quote == "'" or quote == '"' and char ~= '\\' then
      word = word .. char
    elseif char == '\\' then
      at = at + 1
      word = (word or '') .. text:sub(at, at)
    elseif char == "'" or char == '"' then
      quote, word = char, word or ''
    elseif char:find('%s') then
      table.insert(words, word)
      word = nil
    else
      word = (word or '') .. char
    end
    at = at + 1
  end
  if quote then
    return nil, quote
  end
  table.insert(words, word)
  return words
end

local function quoted(word)
  return word:find('^[%w_@%%+=:,./-]+$') and word or "'" .. word:gsub("'", "'\\''") .. "'"
end

--- What `split` takes apart again.
function M.join(words)
  return table.concat(vim.tbl_map(quoted, words), ' ')
end

--- `A=1 B='two words'`
--- @return table<string, string>|nil variables, string|nil fault
function M.environment(text)
  local words, quote = M.split(text)
  if not words then
    return nil, quote
  end
  local variables = {}
  for _, word in ipairs(words) do
    local name, value = word:match('^([%a_][%w_]*)=(.*)$')
    if not name then
      return nil, word
    end
    variables[name] = value
  end
  return variables
end

--- What `environment` takes apart again, in the order of the names.
function M.assignments(variables)
  local names = vim.tbl_keys(variables)
  table.sort(names)
  return M.join(vim.tbl_map(function(name)
    return name .. '=' .. variables[name]
  end, names))
end

return M
