-- Shows messages to the person.
local M = {}

local function at_level(level)
  return function(text)
    vim.schedule(function()
      vim.notify('codebeaker: ' .. text, level)
    end)
  end
end

M.info = at_level(vim.log.levels.INFO)
M.warn = at_level(vim.log.levels.WARN)
M.error = at_level(vim.log.levels.ERROR)

return M
