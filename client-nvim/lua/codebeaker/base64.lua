-- Decodes base64, which Neovim itself can do only since 0.10.
local M = {}

local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
local value_of = {}
for at = 1, #alphabet do
  value_of[alphabet:byte(at)] = at - 1
end

local function decode(text)
  local out = {}
  for at = 1, #text - 3, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    local bits = value_of[a] * 262144 + value_of[b] * 4096 + (value_of[c] or 0) * 64 + (value_of[d] or 0)
    local count = value_of[d] and 3 or value_of[c] and 2 or 1
    out[#out + 1] = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256):sub(1, count)
  end
  return table.concat(out)
end

--- @param text string with padding, as the daemon sends it
M.decode = vim.base64 and vim.base64.decode or decode

return M
