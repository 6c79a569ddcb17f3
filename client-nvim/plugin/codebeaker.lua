-- Defines the commands. The modules behind a command are loaded when it is first used.
if vim.fn.has('nvim-0.7') == 0 or vim.g.loaded_codebeaker then
  return
end
vim.g.loaded_codebeaker = true

local command = vim.api.nvim_create_user_command

command('SandboxRun', function(call)
  local range = call.range > 0 and { call.line1, call.line2 } or nil
  require('codebeaker').run({ range = range, args = #call.fargs > 0 and call.fargs or nil, ask = call.bang })
end, {
  bang = true,
  nargs = '*',
  range = true,
  desc = 'Run the buffer or a range of it in a sandbox; with !, ask for arguments, environment and input first',
})

command('SandboxDebug', function(call)
  require('codebeaker').debug({ args = #call.fargs > 0 and call.fargs or nil, ask = call.bang })
end, {
  bang = true,
  nargs = '*',
  desc = 'Debug the file of the buffer in a sandbox, with nvim-dap; with !, ask for arguments and environment first',
})

-- nvim-dap may be loaded at any time, and costs time to load, so it is looked for where there is something to debug.
vim.api.nvim_create_autocmd({ 'FileType', 'BufEnter' }, {
  group = vim.api.nvim_create_augroup('codebeaker_debugging', {}),
  callback = function(event)
    local language = require('codebeaker.language')
    if language.is_debuggable(language.of_filetype(vim.bo[event.buf].filetype)) and require('codebeaker.nvim_dap').find() then
      return require('codebeaker.debugging').register() ~= nil
    end
  end,
})

command('SandboxInstall', function(call)
  require('codebeaker').install(call.fargs)
end, { nargs = '*', desc = 'Install packages for the runs of the buffer: those that are named, and those of the manifest' })

command('SandboxStop', function(call)
  require('codebeaker').stop({ all = call.bang })
end, { bang = true, desc = 'Stop the programs of this buffer; with !, stop all programs' })

command('SandboxShell', function(call)
  require('codebeaker').shell({ language = call.args ~= '' and call.args or nil })
end, {
  nargs = '?',
  complete = function(lead)
    return vim.tbl_filter(function(id)
      return vim.startswith(id, lead)
    end, require('codebeaker.language').ids)
  end,
  desc = 'Open a shell in a new sandbox',
})

command('SandboxFiles', function()
  require('codebeaker').files()
end, { desc = 'List what a program made or changed in its sandbox, to open, compare or save it' })

command('SandboxSessions', function()
  require('codebeaker').sessions()
end, { desc = 'List the open sandboxes' })

command('SandboxHistory', function()
  require('codebeaker').history()
end, { desc = 'List what ran in sandboxes, to open it or to run it again' })
