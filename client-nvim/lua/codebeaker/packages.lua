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
  ['requirements.txt'] = [=[\v%(^|\n)\s*[^#[:space:]]]=],
  ['pyproject.toml'] = [=[\v%(^|\n)\s*dependencies\s*\=\s*\[\_s*["']]=],
  ['package.json'] = [=[\v"%(dev|optional)?[dD]ependencies"\_s*:\_s*\{\_s*"]=],
  Gemfile = [=[\v%(^|\n)\s*%(gem[ \t(]|gemspec)]=],
  ['go.mod'] = [=[\v%(^|\n)\s*require>]=],
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

--- What was told since the editor was started, each as the program and its weaknesses.
local told = {}
local rank = { critical = 1, high = 2, moderate = 3, unknown = 4, low = 5 }
--- So many are named in a message.
local MAX_NAMED = 5

--- Tells the person of known weaknesses of the packages that a session has. The same is told once, unless `again`.
--- @param name string the name of the program
--- @param session table
--- @param again boolean|nil
function M.tell_weaknesses(name, session, again)
  local sorted = vim.list_extend({}, session.advisories or {})
  table.sort(sorted, function(a, b)
    return (rank[a.severity] or 4) < (rank[b.severity] or 4)
  end)
  local named = {}
  for _, advisory in ipairs(sorted) do
    local title = advisory.version and advisory.package .. ' ' .. advisory.version or advisory.package
    local mended = advisory.fixedIn and ', mended in ' .. advisory.fixedIn or ''
    -- Whoever made a registry or a package has chosen the names.
    table.insert(named, (('%s (%s, %s%s)'):format(title, advisory.id, advisory.severity, mended):gsub('%c', ' ')))
  end
  local key = name .. '\n' .. table.concat(named, '\n')
  if #named == 0 or (told[key] and not again) then
    return
  end
  told[key] = true
  local more = #named > MAX_NAMED and (' and %d more'):format(#named - MAX_NAMED) or ''
  messages.warn(('packages of %s have known weaknesses: %s%s'):format(name, table.concat(named, ', ', 1, math.min(#named, MAX_NAMED)), more))
end

--- Installs packages for the runs of a buffer: a session that has them has had them installed, and the next run finds them in
--- the cache. Without names, those of the manifest. Must be called inside `async.go`.
--- @param source Source
--- @param names string[]
--- @return boolean|nil installed
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
  -- Whoever has packages installed for a buffer wants to be asked about them again.
  known.packages, known.offers = wanted.names or known.packages, nil
  remembered.remember(source.bufnr, known)
  M.tell_weaknesses(source.name, session, true)
  messages.info('the packages are installed, and the programs of this buffer have them')
  return true
end

--- What the person is asked about a module that a program did not find. nil: nothing, because nobody wants to be asked, or
--- because the packages are installed already and do not help.
--- @param missing { module: string, packages: string[] }
--- @param known RunOptions
function M.offer_of(missing, known)
  local lacking = vim.tbl_filter(function(name)
    return not vim.tbl_contains(known.packages or {}, name)
  end, missing.packages)
  if known.offers == 'never' or #lacking == 0 then
    return nil
  end
  return ('The program needs %s (module %s).'):format(table.concat(missing.packages, ', '), missing.module)
end

local INSTALL, NEVER = 'Install and run again', "Don't ask for this file"

--- Whether a module lies beside the program, so that no package of this name is meant: the folder may not have been copied.
local function lies_beside(source, module)
  local top = module:match('^[^./]+')
  for _, name in ipairs(source.folder and vim.fn.isdirectory(source.folder) == 1 and vim.fn.readdir(source.folder) or {}) do
    if name:match('^[^.]+') == top then
      return true
    end
  end
  return false
end

--- Offers to install what a program did not find. Must be called inside `async.go`.
--- @param source Source
--- @param result table|nil of command/runCode
--- @return string[]|nil names all that are installed for the buffer by name, if the program should run again
function M.offer(source, result)
  local remembered = require('codebeaker.remembered')
  local missing = result and result.missing
  if not missing or config.get().packages == 'never' or not vim.api.nvim_buf_is_valid(source.bufnr) or lies_beside(source, missing.module) then
    return nil
  end
  local prompt = M.offer_of(missing, remembered.of(source.bufnr))
  local choice = prompt and require('codebeaker.async').await(function(done)
    require('codebeaker.question').select({ INSTALL, 'Not now', NEVER }, { prompt = prompt }, done)
  end)
  if not choice or not vim.api.nvim_buf_is_valid(source.bufnr) then
    return nil
  end
  local known = remembered.of(source.bufnr)
  if choice == NEVER then
    known.offers = 'never'
    remembered.remember(source.bufnr, known)
  elseif choice == INSTALL then
    local names = vim.list_extend({}, known.packages or {})
    for _, name in ipairs(missing.packages) do
      if not vim.tbl_contains(names, name) then
        table.insert(names, name)
      end
    end
    return M.install(source, names) and names or nil
  end
end

return M
