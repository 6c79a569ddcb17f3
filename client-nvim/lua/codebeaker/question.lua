-- Asks the person something that they did not expect, so that no key which they typed for something else is the answer.
local M = {}

--- A person sees a question before they answer it. An answer that comes sooner was typed for something else.
local PAUSE_NS = 300 * 1000 * 1000

--- Whoever answers so often so soon is no person.
local MAX_TIMES = 50

local function drop_typed()
  while vim.fn.getchar(0) ~= 0 do
  end
end

--- What a program or a file is called has no control characters in a question.
local function plain(question)
  return (question:gsub('%c', ' '))
end

--- As `vim.fn.confirm`, but a question that is answered too soon is asked again. 0: there is no answer.
--- @param now function|nil the time in nanoseconds
--- @return integer
function M.confirm(question, choices, default, now)
  now = now or vim.loop.hrtime
  for _ = 1, MAX_TIMES do
    drop_typed()
    local shown = now()
    local pressed = vim.fn.confirm(plain(question), choices, default)
    if now() - shown >= PAUSE_NS then
      return pressed
    end
  end
  return 0
end

--- As `vim.ui.select`, but a question that is answered too soon is asked again. `done` gets nil if there is no answer.
--- @param options table with `prompt`
--- @param done function
--- @param now function|nil the time in nanoseconds
function M.select(items, options, done, now)
  now = now or vim.loop.hrtime
  options = vim.tbl_extend('force', options, { prompt = plain(options.prompt) })
  local times = 0
  local function show()
    times = times + 1
    drop_typed()
    local shown, answered = now(), false
    vim.ui.select(items, options, function(item)
      if answered then
        return
      end
      answered = true
      if now() - shown >= PAUSE_NS then
        done(item)
      elseif times < MAX_TIMES then
        vim.schedule(show)
      else
        done(nil)
      end
    end)
  end
  show()
end

return M
