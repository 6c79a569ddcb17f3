-- Words for the person.
local M = {}

local function tell(level)
  return function(text)
    vim.schedule(function()
      vim.notify('codebeaker: ' .. text, level)
    end)
  end
end

M.info = tell(vim.log.levels.INFO)
M.warn = tell(vim.log.levels.WARN)
M.error = tell(vim.log.levels.ERROR)

return M
