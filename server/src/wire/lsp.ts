/** Notifications that are LSP's own. Their shapes are LSP's too, so the method table does not list them. */
export const lsp = {
  cancelRequest: '$/cancelRequest',
  progress: '$/progress',
  logTrace: '$/logTrace',
  logMessage: 'window/logMessage',
} as const;
