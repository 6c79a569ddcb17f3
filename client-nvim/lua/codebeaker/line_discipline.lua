-- A terminal's line discipline, for programs that have pipes instead of a terminal: it echoes what is typed, lets the line
-- be edited, and understands Ctrl-C and Ctrl-D. The program gets whole lines.
local M = {}

--- How many bytes a line can have. Without a bound, a paste without line ends would fill the memory.
local MAX_LINE = 64 * 1024

--- @param on { echo: function, send: function, finish: function, signal: function } `finish` ends the program's input
--- @return function type takes keys as the terminal sends them
function M.new(on)
  local line = ''

  local function take_line()
    local taken = line
    line = ''
    return taken
  end

  local function erase(text)
    line = line:sub(1, #line - #text)
    local cells = vim.fn.strwidth(text)
    if cells > 0 then
      on.echo(('\b'):rep(cells) .. '\27[K')
    end
  end

  --- Key → what it does. All other control characters do nothing.
  local keys = {
    ['\r'] = function()
      on.echo('\r\n')
      on.send(take_line() .. '\n')
    end,
    ['\127'] = function()
      erase(vim.fn.matchstr(line, '.$'))
    end,
    ['\21'] = function() -- Ctrl-U
      erase(line)
    end,
    ['\23'] = function() -- Ctrl-W
      erase(line:match('%S*%s*$'))
    end,
    ['\3'] = function() -- Ctrl-C
      take_line()
      on.echo('^C\r\n')
      on.signal('SIGINT')
    end,
    ['\28'] = function() -- Ctrl-\
      take_line()
      on.echo('^\\\r\n')
      on.signal('SIGQUIT')
    end,
    ['\4'] = function() -- Ctrl-D
      if line == '' then
        on.finish()
      else
        on.send(take_line())
      end
    end,
  }
  keys['\n'], keys['\b'] = keys['\r'], keys['\127']

  return function(typed)
    -- The sequences of arrows and other keys, and the marks of a bracketed paste, do nothing here.
    typed = typed:gsub('\27%[[0-?]*[ -/]*[@-~]', ''):gsub('\27O.', ''):gsub('\27.?', ''):gsub('\r\n', '\r')
    for char in typed:gmatch('[%z\1-\127\194-\244][\128-\191]*') do
      if keys[char] then
        keys[char]()
      elseif (char == '\t' or char:byte() >= 32) and #line < MAX_LINE then
        line = line .. char
        on.echo(char)
      end
    end
  end
end

return M
