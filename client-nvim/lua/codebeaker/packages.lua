-- The packages that a program needs: those of the manifest in its folder, and those that were installed by name for its buffer.
local config = require('codebeaker.config')
local messages = require('codebeaker.messages')

local M = {}

--- The file names of manifests, best first.
local manifests = {
  python = { 'requirements.txt', 'pyproject.toml' },
  javascript = { 'package.json' },
  typescript = { 'package.json' },
  ruby = { 'Gemfile' },
  go = { 'go.mod' },
}

--- What a manifest that asks for packages has in it. What is in doubt is left to the package manager.
local asking = {
  ['requirements.txt'] = [[\v%(^|\n)\s*[^#[:space:]]]],
  ['pyproject.toml'] = [[\v%(^|\n)\s*dependencies\s*\=\s*\[\_s*["']]],
  ['package.json'] = [[\v"%(dev|optional)?[dD]ependencies"\_s*:\_s*\{\_s*"]],
  Gemfile = [[\v%(^|\n)\s*%(gem[ \t(]|gemspec)]],
  ['go.mod'] = [[\v%(^|\n)\s*require>]],
}

--- @param folder string|nil the folder that is copied
--- @return string|nil manifest its name, if it asks for any package
function M.find(language, folder)
  for _, name in ipairs(folder and manifests[language] or {}) do
    local path = folder .. '/' .. name
    if vim.fn.filereadable(path) == 1 then
      local read, lines = pcall(vim.fn.readfile, path, '', 10000)
      if read and vim.fn.match(table.concat(lines, '\n'), asking[name]) >= 0 then
        return name
      end
    end
  end
end

--- What the person has answered, for each manifest, since the editor was started.
local answers = {}

local function is_wanted(folder, manifest)
  local mode = config.get().packages
  if mode ~= 'ask' then
    return mode == 'auto'
  end
  local path = folder .. '/' .. manifest
  if answers[path] == nil then
    answers[path] = vim.fn.confirm(('Install the packages of %s for programs in a sandbox?'):format(manifest), '&Yes\n&No', 1) == 1
  end
  return answers[path]
end

--- The param `packages` of session/create. nil: the program needs none.
--- @param names string[]|nil
function M.needed(language, folder, names)
  local manifest = M.find(language, folder)
  local wanted = manifest and is_wanted(folder, manifest) and manifest or nil
  local named = names and #names > 0 and names or nil
  if wanted or named then
    return { manifest = wanted, names = named }
  end
end

--- Installs packages for the runs of a buffer: a session that has them has had them installed, and the next run finds them in
--- the cache. Without names, those of the manifest. Must be called inside `async.go`.
--- @param source Source
--- @param names string[]
function M.install(source, names)
  local options = config.get()
  local root = require('codebeaker.trust').root(options.trusted, source.folder)
  local folder = root and source.folder or nil
  local wanted = { manifest = M.find(source.language, folder), names = #names > 0 and names or nil }
  if not wanted.manifest and not wanted.names then
    return messages.info('name packages, or put a manifest into the folder, which has to be trusted; see :help codebeaker-packages')
  end
  local daemon = require('codebeaker.daemons').of(root)
  local sandbox = require('codebeaker.sandbox')
  messages.info('installing packages; :messages tells how it goes')
  local spec = { language = source.language, folder = folder, label = source.name, packages = wanted }
  local fault, session = sandbox.create(daemon, spec, { on_progress = messages.info, on_sent = function() end })
  if fault then
    return messages.error(fault.message)
  end
  sandbox.close(daemon, session)
  local remembered = require('codebeaker.remembered')
  local known = remembered.of(source.bufnr)
  known.packages = wanted.names or known.packages
  remembered.remember(source.bufnr, known)
  messages.info('the packages are installed, and the programs of this buffer have them')
end

return M
