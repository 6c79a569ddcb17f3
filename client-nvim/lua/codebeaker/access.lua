-- Asks the person whether a program may reach a host.
local question = require('codebeaker.question')

local M = {}

local choices = {
  { text = 'Allow once', allow = 'once' },
  { text = 'Allow for this run', allow = 'session' },
  { text = "Don't allow", allow = 'deny' },
}

local function place(params)
  return (params.host:find(':', 1, true) and '[%s]:%d' or '%s:%d'):format(params.host, params.port)
end

--- Whether this function runs in a coroutine that can wait, also within a `pcall`. Newer versions of Neovim answer
--- requests of a server in one, and LuaJIT can wait within a `pcall`.
local function waitable()
  local thread, main = coroutine.running()
  return jit ~= nil and not main and thread or nil
end

--- @param thread thread
local function select(thread, prompt)
  local answered, choice = false, nil
  local options = {
    prompt = prompt,
    format_item = function(item)
      return item.text
    end,
  }
  question.select(choices, options, function(item)
    answered, choice = true, item
    if coroutine.status(thread) == 'suspended' then
      coroutine.resume(thread)
    end
  end)
  if not answered then
    coroutine.yield()
  end
  return choice and choice.allow or 'deny'
end

--- Answers `network/requestAccess`. An answer that comes after 30 seconds is too late for the daemon, and means nothing.
--- @param params { sessionId: string, host: string, port: integer }
--- @return { allow: string }
function M.answer(params)
  local prompt = ('Let the program in the sandbox reach %s?'):format(place(params))
  local thread = waitable()
  if thread then
    return { allow = select(thread, prompt) }
  end
  local pressed = question.confirm(prompt, '&Once\n&Run\n&No', 3)
  return { allow = choices[pressed] and choices[pressed].allow or 'deny' }
end

return M
