-- Takes out of a program's output what is addressed to the terminal and not to the reader: operating system commands
-- (they could write the clipboard), device control strings and the like. Colours and cursor movements stay.
local M = {}

--- @return function filter keeps its place between the pieces of one stream
function M.filter()
  local inside, held = false, ''
  return function(text)
    text, held = held .. text, ''
    local kept, at = {}, 1
    while at <= #text do
      if inside then
        local stop = text:find('[\7\24\26\27]', at)
        if not stop then
          break
        end
        if text:byte(stop) ~= 27 then
          inside, at = false, stop + 1
        elseif stop == #text then
          held = '\27'
          break
        else
          inside = false
          at = text:sub(stop + 1, stop + 1) == '\\' and stop + 2 or stop
        end
      else
        local escape = text:find('\27', at, true)
        if not escape then
          table.insert(kept, text:sub(at))
          break
        end
        table.insert(kept, text:sub(at, escape - 1))
        if escape == #text then
          held = '\27'
          break
        end
        inside = text:find('^[%]PX^_]', escape + 1) ~= nil
        if inside then
          at = escape + 2
        else
          table.insert(kept, '\27')
          at = escape + 1
        end
      end
    end
    return table.concat(kept)
  end
end

return M
