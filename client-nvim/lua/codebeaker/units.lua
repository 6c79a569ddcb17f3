-- Formats sizes and times for people.
local M = {}

local function rounded(value, digits)
  local scale = 10 ^ digits
  return ('%g'):format(math.floor(value * scale + 0.5) / scale)
end

function M.bytes(count)
  local units, unit = { 'B', 'KiB', 'MiB', 'GiB', 'TiB' }, 1
  while count >= 1024 and unit < #units do
    count, unit = count / 1024, unit + 1
  end
  return rounded(count, count < 10 and unit > 1 and 1 or 0) .. ' ' .. units[unit]
end

function M.duration(ms)
  if ms < 1000 then
    return rounded(ms, 0) .. ' ms'
  elseif ms < 60000 then
    return rounded(ms / 1000, ms < 10000 and 2 or 1) .. ' s'
  end
  local minutes = math.floor(ms / 60000)
  if minutes < 60 then
    return ('%d min %d s'):format(minutes, math.floor(ms % 60000 / 1000))
  end
  return ('%d h %d min'):format(math.floor(minutes / 60), minutes % 60)
end

return M
