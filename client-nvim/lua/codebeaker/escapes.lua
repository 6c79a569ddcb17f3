-- Removes harmful escape sequences from a program's output. Colours and cursor movements pass. Strings that are addressed
-- to the terminal (operating system commands such as writing the clipboard, device control strings and the like) do not:
-- Neovim hands them to autocommands (TermRequest). A sequence passes whole or not at all, so the terminal is never inside
-- one between two pieces of output, where the plugin may write something of its own.
local M = {}

local ESC = '\27'

--- A longer sequence is dropped, together with what follows up to its end.
local MAX_SEQUENCE = 4096

--- After ESC: the introducers of OSC, DCS, SOS, PM and APC, which are followed by a string.
local STRING_START = '^[%]PX^_]'

--- The last byte of a string, whose end is BEL or ST. CAN, SUB or another escape sequence breaks it off.
--- @return integer|nil last nil if the end has not come yet
local function string_end(text, from)
  local stop = text:find('[\7\24\26\27]', from)
  if not stop or text:sub(stop, stop) ~= ESC then
    return stop
  end
  if stop < #text then
    return text:sub(stop + 1, stop + 1) == '\\' and stop + 1 or stop - 1
  end
end

--- @param at integer where the sequence begins
--- @return integer|nil last its last byte; nil if its end has not come yet
--- @return boolean passes
local function sequence_end(text, at)
  if text:find(STRING_START, at + 1) then
    return string_end(text, at + 2), false
  end
  local control = text:find('^%[', at + 1)
  local _, last = text:find(control and '^%[[0-?]*[ -/]*[@-~]' or '^[ -/]*[0-~]', at + 1)
  if last then
    return last, last - at < MAX_SEQUENCE
  end
  local incomplete = text:find(control and '^%[[0-?]*[ -/]*$' or '^[ -/]*$', at + 1)
  return not incomplete and at or nil, false
end

--- @return function filter takes the pieces of one stream, and returns what may be shown of each
function M.new_filter()
  --- The start of a sequence whose end has not come yet.
  local incomplete = ''
  --- Whether the output is inside a string that is too long and is dropped up to its end.
  local dropping = false

  local function hold_back(text)
    if #text <= MAX_SEQUENCE then
      incomplete = text
    else
      dropping = text:find(STRING_START, 2) ~= nil
      -- The last byte may be the ESC of the string's end.
      incomplete = dropping and text:sub(-1) == ESC and ESC or ''
    end
  end

  return function(data)
    local text, at, shown = incomplete .. data, 1, {}
    incomplete = ''
    while at <= #text do
      if dropping then
        local last = string_end(text, at)
        if not last then
          incomplete = text:sub(-1) == ESC and ESC or ''
          break
        end
        dropping, at = false, last + 1
      else
        local start = text:find(ESC, at, true)
        table.insert(shown, text:sub(at, (start or 0) - 1))
        if not start then
          break
        end
        local last, passes = sequence_end(text, start)
        if not last then
          hold_back(text:sub(start))
          break
        end
        if passes then
          table.insert(shown, text:sub(start, last))
        end
        at = last + 1
      end
    end
    return table.concat(shown)
  end
end

return M
