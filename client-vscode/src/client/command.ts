/** The command that starts the daemon, or its doctor: the bundled one in the editor's own Node, or the program that the settings name. */
import { join } from 'node:path';
import type { DaemonCommand } from './process.ts';

export interface CommandSettings {
  /** The program of another daemon, or empty. */
  readonly path: string;
  /** The daemon's configuration file, or empty. */
  readonly config: string;
  /** What programs may reach where the configuration says nothing of it. */
  readonly network: 'none' | 'ask' | 'full';
}

export interface EditorProcess {
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function daemonCommand(settings: CommandSettings, extensionPath: string, editor: EditorProcess, mode: '--stdio' | 'doctor' = '--stdio'): DaemonCommand {
  const { path, config, network } = settings;
  const args = [mode, ...(config === '' ? [] : [`--config=${config}`]), ...(network === 'none' || mode === 'doctor' ? [] : [`--network=${network}`])];
  const { NODE_OPTIONS: _, ...env } = editor.env;
  if (path !== '') return { program: path, args, env };
  const main = join(extensionPath, 'dist', 'daemon', 'main.js');
  // This variable makes Electron run as plain Node. Node itself ignores it.
  return { program: editor.execPath, args: [main, ...args], env: { ...env, ELECTRON_RUN_AS_NODE: '1' } };
}
