-- What a terminal's driver does with typed keys, for programs that have none: echo, a line at a time, Ctrl-D, Ctrl-C.
local M = {}

--- @param to { echo: function, line: function, close: function, interrupt: function }
--- @return function typed takes keys as the terminal sends them
function M.new(to)
  local line = ''

  local function erase(count)
    to.echo(('\b'):rep(count) .. '\27[K')
  end

  local function key(char)
    if char == '\r' or char == '\n' then
      to.echo('\r\n')
      to.line(line .. '\n')
      line = ''
    elseif char == '\127' or char == '\b' then
      if line ~= '' then
        local last = vim.fn.strcharpart(line, vim.fn.strchars(line) - 1)
        line = line:sub(1, #line - #last)
        erase(vim.fn.strwidth(last))
      end
    elseif char == '\21' then
      erase(vim.fn.strwidth(line))
      line = ''
    elseif char == '\3' then
      to.echo('^C\r\n')
      line = ''
      to.interrupt()
    elseif char == '\4' then
      if line == '' then
        to.close()
      else
        to.line(line)
        line = ''
      end
    elseif char == '\t' or char:byte() >= 32 then
      line = line .. char
      to.echo(char)
    end
  end

  return function(keys)
    -- Arrows, function keys and marks of a paste move nothing here.
    keys = keys:gsub('\27%[[%d;?<>=]*[%a~]', ''):gsub('\27O%a', ''):gsub('\27', '')
    for char in keys:gmatch('[%z\1-\127\194-\244][\128-\191]*') do
      key(char)
    end
  end
end

return M
