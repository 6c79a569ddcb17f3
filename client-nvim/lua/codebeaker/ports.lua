-- Leads the ports on which programs listen to ports of this machine, and tells the address of each.
local config = require('codebeaker.config')
local messages = require('codebeaker.messages')

local M = {}

--- A session that opens one port after another is not followed for ever.
local MAX_TOLD = 8

--- @param told table<string, table<integer, boolean>>  session id → the ports that were told
--- @param send function sends a request, as `Daemon:send`
--- @param params table of `ports/changed`
function M.changed(told, send, params)
  local known = told[params.sessionId] or {}
  told[params.sessionId] = known
  for _, port in ipairs(params.ports) do
    if not known[port] and config.get().ports and vim.tbl_count(known) < MAX_TOLD then
      known[port] = true
      send('ports/forward', { sessionId = params.sessionId, port = port }, function(fault, result)
        if fault then
          return messages.warn(('a program listens on port %d, which cannot be reached: %s'):format(port, fault.message))
        end
        messages.info(('a program listens on port %d: http://%s:%d'):format(port, result.address, result.hostPort))
      end)
    end
  end
end

return M
