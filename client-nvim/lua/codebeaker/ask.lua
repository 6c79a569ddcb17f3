-- Asks for arguments, environment and input of a program, one after the other.
local await = require('codebeaker.async').await
local tell = require('codebeaker.tell')
local words = require('codebeaker.words')

local M = {}

--- Nobody types it: Escape turns away.
local TURNED_AWAY = '\27\27'

--- Neovim 0.7 has `vim.ui.input` too, but it takes an empty answer for none.
local function read(prompt, default, done)
  if vim.fn.has('nvim-0.8') == 1 then
    return vim.ui.input({ prompt = prompt, default = default }, done)
  end
  local answered, text = pcall(vim.fn.input, { prompt = prompt, default = default, cancelreturn = TURNED_AWAY })
  done(answered and text ~= TURNED_AWAY and text or nil)
end

--- Asks until the answer makes sense. `parse` returns what it means, or nil and what is wrong.
--- @return any nil where the person turned away
local function ask(prompt, default, parse)
  local text, wrong = default, nil
  repeat
    text = await(function(done)
      read(wrong and ('%s (%s) '):format(prompt, wrong) or prompt .. ' ', text, done)
    end)
    if not text then
      return nil
    end
    local meaning
    meaning, wrong = parse(text)
  until meaning ~= nil
  return parse(text)
end

local function arguments(text)
  local found, quote = words.split(text)
  return found, quote and ('the quote %s is not closed'):format(quote)
end

local function environment(text)
  local found, wrong = words.environment(text)
  return found, wrong and ('not of the form NAME=value: %s'):format(wrong)
end

--- A command line is one line: `\n` stands for the end of one.
local function lines(text)
  local unescaped = text:gsub('\\(.)', function(char)
    return char == 'n' and '\n' or char
  end)
  return text ~= '' and unescaped:gsub('\n?$', '\n', 1) or ''
end

local function oneLine(text)
  return (text:gsub('\n$', ''):gsub('\\', '\\\\'):gsub('\n', '\\n'))
end

--- Inside `async.go`.
--- @param name string of the program
--- @param now With
--- @return With|nil nil where the person turned away
function M.with(name, now)
  local args = ask(('Arguments of %s:'):format(name), words.join(now.args or {}), arguments)
  local env = args and ask('Environment, NAME=value …:', words.assignments(now.env or {}), environment)
  local stdin = env and ask([[Input, \n ends a line; empty: what you type:]], oneLine(now.stdin or ''), lines)
  if not stdin then
    tell.info('not run')
    return nil
  end
  return { args = args, env = env, stdin = stdin ~= '' and stdin or nil }
end

return M
