-- Converts between lists and the one line of a prompt: words quoted as in a shell, assignments, lines of input.
local M = {}

--- Splits at blanks. Quotes and backslashes keep blanks in a word.
--- @return string[]|nil words
--- @return string|nil quote the quote that is not closed
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
    elseif char:find('[ \t-\r]') then
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

--- Quotes the words so that `split` gives them back.
function M.join(words)
  return table.concat(vim.tbl_map(quoted, words), ' ')
end

--- Reads `A=1 B='two words'`.
--- @return table<string, string>|nil variables
--- @return string|nil fault the quote that is not closed, or the word that is not an assignment
function M.parse_environment(text)
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

--- Writes the variables in the order of their names.
function M.format_environment(variables)
  local names = vim.tbl_keys(variables)
  table.sort(names)
  return M.join(vim.tbl_map(function(name)
    return name .. '=' .. variables[name]
  end, names))
end

--- Writes lines of input in one line. The end of the last line is left out.
function M.escape_lines(text)
  return (text:gsub('\n$', ''):gsub('\\', '\\\\'):gsub('\n', '\\n'))
end

--- Reads lines of input. The last line gets an end if it has none.
function M.unescape_lines(text)
  local lines = text:gsub('\\(.)', function(char)
    return char == 'n' and '\n' or char
  end)
  return lines:sub(-1) == '\n' and lines or lines .. '\n'
end

return M
