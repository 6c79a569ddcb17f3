-- Finds the traces in a program's output that tell where it failed: stack traces, and the errors of compilers.
local M = {}

--- A place in a source. Lines and columns count from 1.
--- @class Frame
--- @field path string  as the program printed it
--- @field line integer
--- @field column integer|nil
--- @field name string|nil  the function

--- An error with the places it came from.
--- @class Trace
--- @field message string
--- @field frames Frame[]  the innermost first, then its callers

--- A compiler may print thousands of errors.
local MAX_TRACES = 100

local function frame(path, line, column, name)
  return { path = path, line = tonumber(line), column = tonumber(column), name = name }
end

--- Collects traces. `add` begins one, `frame` adds a frame to the last.
local function collector()
  local traces = {}
  return {
    traces = traces,
    add = function(message, ...)
      table.insert(traces, { message = message, frames = { ... } })
    end,
    frame = function(found)
      if #traces > 0 then
        table.insert(traces[#traces].frames, found)
      end
    end,
  }
end

local exception_suffixes = { 'Error', 'Exception', 'Exit', 'Interrupt', 'Iteration', 'Warning', 'Group' }

local function is_python_message(line)
  for _, suffix in ipairs(exception_suffixes) do
    if line:find('^[%w_.]+' .. suffix .. '%f[^%w_]') then
      return true
    end
  end
  return line:find('^[%a_][%w_.]*: ') ~= nil
end

--- The frames come from the outermost inwards, then the message. The last traceback is the one that ended the program.
local function python(lines)
  local traces, frames = {}, {}
  for _, line in ipairs(lines) do
    local path, number, rest = line:match('^%s+File "([^"]+)", line (%d+)(.*)$')
    if path then
      table.insert(frames, 1, frame(path, number, nil, rest:match('^, in (.+)$')))
    elseif #frames > 0 and is_python_message(line) then
      table.insert(traces, 1, { message = line, frames = frames })
      frames = {}
    elseif line:find('^Traceback ') then
      frames = {}
    end
  end
  return traces
end

local function javascript_message(line)
  local text = line:gsub('^error: ', ''):gsub('^Uncaught ', ''):gsub('^%(in promise%) ', '')
  local known = text:find('^[%w_$.]*Error%f[^%w_]')
    or text:find('^[%w_$.]*Exception%f[^%w_]')
    or text:find("^The module's source code could not be parsed")
  return known and text or nil
end

local function javascript_frame(line)
  local call = line:match('^%s+at (.+)$')
  if not call then
    return nil
  end
  local name, place = call:match('^(.*) ?%(([^()]*)%)$')
  place = place or call:gsub('^async ', '')
  local path, number, column = place:match('^(.-):(%d+):(%d+)$')
  if path and (path:find('^/') or path:find('^file:///')) then
    return frame(path, number, column, name and name:gsub(' $', '') or nil)
  end
end

--- Node prints the place of a syntax error before the message.
local function javascript(lines)
  local found, place_before = collector(), nil
  for _, line in ipairs(lines) do
    local message = javascript_message(line)
    if message then
      found.add(message)
    end
    local called = javascript_frame(line)
    if called then
      found.frame(called)
    end
    local path, number = line:match('^(/.-):(%d+)$')
    if not path then
      path, number = line:match('^(file:///.-):(%d+)$')
    end
    place_before = path and frame(path, number) or place_before
    if message and vim.startswith(message, 'SyntaxError') and place_before then
      found.frame(place_before)
    end
    local file, row, column = (message or ''):match(' at (file:///%S-):(%d+):(%d+)')
    if file then
      found.frame(frame(file, row, column))
    end
  end
  return found.traces
end

local function csharp_message(line)
  local text = line:gsub('^Unhandled [Ee]xception[.:] ', ''):gsub('^%[ERROR%] FATAL UNHANDLED EXCEPTION: ', '')
  return text:find('^[%w_.]*Exception%f[^%w_]') and text or nil
end

--- dotnet prints each error of the compiler twice, and Mono each exception.
local function csharp(lines)
  local found, seen, repeated = collector(), {}, false
  for _, line in ipairs(lines) do
    local path, number, column, text = line:match('^([^%s(][^(]*%.cs)%((%d+),(%d+)[^)]*%): error (%w+: .+)$')
    local message = csharp_message(line)
    if path and not seen[line] then
      found.add(text:gsub(' %[.*%]$', ''), frame(path, number, column))
    elseif message then
      repeated = seen[message] == true
      if not repeated then
        found.add(message)
      end
    end
    seen[line], seen[message or line] = true, true
    local name, file, row = line:match('^%s+at (.*) in (.+%.cs):l?i?n?e? ?(%d+)')
    if file and not repeated then
      found.frame(frame(file, row, nil, (name:gsub(' %[0x%x+%]$', ''))))
    end
  end
  return found.traces
end

--- The innermost place and the message are in one line, the callers follow.
local function ruby(lines)
  local found = collector()
  for _, line in ipairs(lines) do
    local path, number, rest = line:match('^([^%s:][^:]*%.rb):(%d+):(.*)$')
    local text = path and rest:gsub("^in [`'].-':", ''):gsub('^ ', '')
    if text and text:find('^%S') then
      found.add(text, frame(path, number, nil, rest:match("^in [`'](.-)':")))
    end
    local caller = line:match('^%s+from (.+)$') or line:match('^%s+%d+: from (.+)$')
    local file, row, name = (caller or ''):match('^([^%s:][^:]*%.rb):(%d+)(.*)$')
    if file then
      found.frame(frame(file, row, nil, name:match("^:in [`'](.-)'")))
    end
  end
  return found.traces
end

local function go(lines)
  local found = collector()
  for _, line in ipairs(lines) do
    local path, number, column, text = line:match('^([^%s:][^:]*%.go):(%d+):(%d+): (.+)$')
    if not path then
      path, number, text = line:match('^([^%s:][^:]*%.go):(%d+): (.+)$')
    end
    if path then
      found.add(text, frame(path, number, column))
    elseif line:find('^panic: ') or line:find('^fatal error: ') then
      found.add(line)
    end
    local file, row = line:match('^\t(/%S+%.go):(%d+)')
    if file then
      found.frame(frame(file, row))
    end
  end
  return found.traces
end

--- dash prints `a.sh: 3: message`, bash `a.sh: line 3: message`.
local function shellscript(lines)
  local found = collector()
  for _, line in ipairs(lines) do
    local path, number, text = line:match('^(%S-%.sh): (%d+): (.+)$')
    if not path then
      path, number, text = line:match('^(%S-%.sh): line (%d+): (.+)$')
    end
    if path then
      found.add(text, frame(path, number))
    end
  end
  return found.traces
end

local readers = {
  python = python,
  javascript = javascript,
  typescript = javascript,
  csharp = csharp,
  ruby = ruby,
  go = go,
  shellscript = shellscript,
}

local function without_escapes(text)
  return (text:gsub('\27%[[0-?]*[ -/]*[@-~]', ''):gsub('\27%][^\7\27]*\7?', ''):gsub('\27[@-Z\\^_]', ''))
end

--- @param language string
--- @param output string
--- @return Trace[]
function M.find(language, output)
  local lines = vim.split(without_escapes(output):gsub('\r\n', '\n'), '\n', { plain = true })
  local traces = vim.tbl_filter(function(trace)
    return #trace.frames > 0
  end, readers[language](lines))
  return vim.list_slice(traces, 1, MAX_TRACES)
end

return M
