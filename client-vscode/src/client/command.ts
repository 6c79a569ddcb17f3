/** The command that starts the daemon, or its doctor, or what connects with a daemon elsewhere: the bundled one in the editor's own Node, or the program that the settings name. */
import { join } from 'node:path';
import type { DaemonCommand } from './process.ts';

export interface CommandSettings {
  /** The program of another daemon, or empty. */
  readonly path: string;
  /** The daemon's configuration file, or empty. */
  readonly config: string;
  /** What programs may reach where the configuration says nothing of it. */
  readonly network: 'none' | 'ask' | 'full';
  /** Where another daemon listens, or empty. That one has its own configuration. */
  readonly url?: string;
  /** The file with the authorities that know it, or empty. */
  readonly ca?: string;
  /** Whether it is on this machine. */
  readonly sameMachine?: boolean;
  /** What it wants to be shown. undefined: nothing is known of that. */
  readonly token?: string | undefined;
}

export interface EditorProcess {
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Everybody can see the arguments of a process, and only its own user its environment. */
const TOKEN_VARIABLE = 'CODEBEAKER_TOKEN';

export function daemonCommand(settings: CommandSettings, extensionPath: string, editor: EditorProcess, mode: '--stdio' | 'doctor' = '--stdio'): DaemonCommand {
  const { path, url = '', token } = settings;
  const isElsewhere = url !== '' && mode === '--stdio';
  const args = isElsewhere ? connecting(url, settings) : starting(mode, settings);
  const { NODE_OPTIONS: _, ...own } = editor.env;
  const env = isElsewhere && token !== undefined ? { ...own, [TOKEN_VARIABLE]: token } : own;
  if (path !== '') return { program: path, args, env };
  const main = join(extensionPath, 'dist', 'daemon', 'main.js');
  // This variable makes Electron run as plain Node. Node itself ignores it.
  return { program: editor.execPath, args: [main, ...args], env: { ...env, ELECTRON_RUN_AS_NODE: '1' } };
}

function starting(mode: '--stdio' | 'doctor', { config, network }: CommandSettings): string[] {
  return [mode, ...(config === '' ? [] : [`--config=${config}`]), ...(network === 'none' || mode === 'doctor' ? [] : [`--network=${network}`])];
}

function connecting(url: string, { ca = '', sameMachine = false }: CommandSettings): string[] {
  return ['connect', ...(ca === '' ? [] : [`--ca=${ca}`]), ...(sameMachine ? ['--same-machine'] : []), '--', url];
}
