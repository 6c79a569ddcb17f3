-- Asks the person for a program's arguments, environment and input, one after the other.
local await = require('codebeaker.async').await
local messages = require('codebeaker.messages')
local shellwords = require('codebeaker.shellwords')

local M = {}

--- The answer that stands for Escape. Nobody can type it.
local CANCELLED = '\27\27'

--- Neovim 0.7 has `vim.ui.input` too, but there it does not tell an empty answer from Escape.
local function read(prompt, default, done)
  if vim.fn.has('nvim-0.8') == 1 then
    return vim.ui.input({ prompt = prompt, default = default }, done)
  end
  local answered, text = pcall(vim.fn.input, { prompt = prompt, default = default, cancelreturn = CANCELLED })
  done(answered and text ~= CANCELLED and text or nil)
end

--- Asks until the answer can be parsed.
--- @param parse function returns the value of an answer, or nil and what is wrong with it
--- @return any value nil if the person pressed Escape
local function ask(prompt, default, parse)
  local text, value, problem = default, nil, nil
  repeat
    text = await(function(done)
      read(problem and ('%s (%s) '):format(prompt, problem) or prompt .. ' ', text, done)
    end)
    if not text then
      return nil
    end
    value, problem = parse(text)
  until value ~= nil
  return value
end

local function parse_arguments(text)
  local found, quote = shellwords.split(text)
  return found, quote and ('the quote %s is not closed'):format(quote)
end

local function parse_environment(text)
  local found, word = shellwords.parse_environment(text)
  return found, word and ('this is not of the form NAME=value: %s'):format(word)
end

local function parse_input(text)
  return text ~= '' and shellwords.unescape_lines(text) or ''
end

--- Must be called inside `async.go`.
--- @param name string of the program
--- @param current RunOptions
--- @param without_input boolean|nil whether the input stays what it is, and nobody is asked for it
--- @return RunOptions|nil options nil if the person pressed Escape
function M.run_options(name, current, without_input)
  local args = ask(('Arguments of %s:'):format(name), shellwords.join(current.args or {}), parse_arguments)
  local env = args and ask('Environment, as NAME=value:', shellwords.format_environment(current.env or {}), parse_environment)
  local prompt = [[Input, \n for the end of a line (leave it empty to type it in the terminal):]]
  local stdin = env and (without_input and (current.stdin or '') or ask(prompt, shellwords.escape_lines(current.stdin or ''), parse_input))
  if not stdin then
    messages.info('cancelled; nothing was run')
    return nil
  end
  return { args = args, env = env, stdin = stdin ~= '' and stdin or nil }
end

return M
