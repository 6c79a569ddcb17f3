/** The names of notifications that LSP defines. LSP defines their shapes too, so the method table does not list them. */
export const lsp = {
  cancelRequest: '$/cancelRequest',
  progress: '$/progress',
  logTrace: '$/logTrace',
  logMessage: 'window/logMessage',
  showMessage: 'window/showMessage',
} as const;
