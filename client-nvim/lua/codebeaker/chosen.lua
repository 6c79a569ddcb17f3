-- Tells why a runtime was chosen, where that is news: at the first run of a language, and when it runs elsewhere than before.
local M = {}

--- @return function news
function M.new()
  --- Language → the runtime in which it ran last.
  local last = {}

  --- @param session table
  --- @param named boolean whether the person has named the runtime
  --- @return string|nil sentence nil if it is no news
  return function(language, session, named)
    local before = last[language]
    last[language] = session.runtime
    if not named and before ~= session.runtime and session.runtimeReason then
      return M.sentence(session)
    end
  end
end

--- @return string
function M.sentence(session)
  return ('%s was chosen: %s'):format(session.runtime, (session.runtimeReason:gsub('%c', '')))
end

M.news = M.new()

return M
