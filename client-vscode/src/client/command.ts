/** How the daemon is started: the one that came with the extension, in the editor's own Node, unless told otherwise. */
import { join } from 'node:path';
import type { DaemonCommand } from './process.ts';

export interface CommandSettings {
  /** Another daemon's program, or empty. */
  readonly path: string;
  /** The daemon's configuration file, or empty. */
  readonly config: string;
}

export interface EditorProcess {
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function daemonCommand({ path, config }: CommandSettings, extensionPath: string, editor: EditorProcess): DaemonCommand {
  const args = ['--stdio', ...(config === '' ? [] : [`--config=${config}`])];
  const { NODE_OPTIONS: _, ...env } = editor.env;
  if (path !== '') return { program: path, args, env };
  const main = join(extensionPath, 'dist', 'daemon', 'main.js');
  // Electron runs as plain Node when asked so; Node itself does not mind.
  return { program: editor.execPath, args: [main, ...args], env: { ...env, ELECTRON_RUN_AS_NODE: '1' } };
}
