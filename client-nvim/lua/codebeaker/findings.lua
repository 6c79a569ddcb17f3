-- Shows what the daemon found in a program as diagnostics of its buffer, until the buffer changes or the program runs again.
local config = require('codebeaker.config')

local M = {}

local namespace = vim.api.nvim_create_namespace('codebeaker')

--- Session id → the source that runs there. Sessions whose findings have come are taken out.
local sources = {}

--- Diagnostics count columns in bytes, the protocol in UTF-16 code units.
local function byte_column(line, character)
  local ok, column = pcall(vim.str_byteindex, line, character, true)
  return ok and column or #line
end

--- From now on findings in the session are about this source. What was found before is removed.
--- @param session_id string
--- @param source Source
function M.watch(session_id, source)
  if vim.api.nvim_buf_is_valid(source.bufnr) then
    vim.diagnostic.reset(namespace, source.bufnr)
    sources[session_id] = { source = source, tick = vim.api.nvim_buf_get_changedtick(source.bufnr) }
  end
end

--- @param params table of `command/diagnostics`
function M.found(params)
  local watched = sources[params.sessionId]
  sources[params.sessionId] = nil
  local bufnr = watched and watched.source.bufnr
  if not watched or not config.get().scan or not vim.api.nvim_buf_is_loaded(bufnr) or vim.api.nvim_buf_get_changedtick(bufnr) ~= watched.tick then
    return
  end
  local offset = watched.source.column_offset
  local items = {}
  for _, diagnostic in ipairs(params.diagnostics) do
    local from, to = diagnostic.range.start, diagnostic.range['end']
    local function column(place)
      local line = vim.api.nvim_buf_get_lines(bufnr, place.line, place.line + 1, false)[1] or ''
      return byte_column(line, place.character + offset)
    end
    table.insert(items, {
      lnum = from.line,
      col = column(from),
      end_lnum = to.line,
      end_col = column(to),
      severity = diagnostic.severity,
      message = diagnostic.message,
      source = 'codebeaker',
      code = diagnostic.code,
    })
  end
  vim.diagnostic.set(namespace, bufnr, items)
  if #items > 0 then
    vim.api.nvim_buf_attach(bufnr, false, {
      on_lines = function()
        vim.schedule(function()
          vim.diagnostic.reset(namespace, bufnr)
        end)
        return true
      end,
    })
  end
end

return M
