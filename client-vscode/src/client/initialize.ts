/** The parameters of `initialize`: what the daemon is told about the editor and its workspace. */
import type { InitializeParams } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';
import type { Settings } from '../base/settings.ts';

export function initializeParams(code: Code, settings: Settings, version: string, pid: number): InitializeParams {
  const { workspace } = code;
  const onDisk = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return {
    processId: pid,
    clientInfo: { name: 'codebeaker-vscode', version },
    protocolVersions: ['1.0'],
    workspaceFolders: onDisk.map(({ uri, name }) => ({ uri: uri.toString(), name })),
    trusted: workspace.isTrusted,
    initializationOptions: { ...(settings.preference ? { preference: settings.preference } : {}), ...(settings.scan === 'block' ? { scan: { mode: 'block' } } : {}) },
    trace: settings.trace,
    capabilities: {
      output: { flowControl: true },
      session: { stateChanged: true },
      window: { workDoneProgress: true, showMessage: {} },
      history: { changed: true },
      ports: { changed: true },
      network: { requestAccess: true },
      debug: { adapter: true },
      command: { diagnostics: settings.scan !== 'off' },
    },
  };
}
