/** Go, with Delve: that of the sandbox, else one of this machine, of which the sandbox gets a copy. */
import { platform } from 'node:os';
import { homeFolder } from '../../base/home.ts';
import type { Environment, Isolation } from '../../protocol/index.ts';
import type { DebugHost, DebugLanguage, DebugPlace } from '../adapter.ts';
import { GoMend } from './go-mend.ts';

/** Where Linux distributions and `go install` put it. */
const places = () => ['/usr/bin/dlv', '/usr/local/bin/dlv', `${homeFolder()}/go/bin/dlv`];

export const go: DebugLanguage = {
  language: 'go',
  capabilities: [
    'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints', 'supportsExceptionInfoRequest',
    'supportsSetVariable', 'supportsEvaluateForHovers', 'supportsClipboardContext', 'supportsDelayedStackTraceLoading', 'supportsTerminateRequest',
  ],
  // The compiler, which has more of them than Delve and the program.
  leastPids: 24,
  hint: 'install Delve: in its image (go install github.com/go-delve/delve/cmd/dlv@latest), or on this machine: apt-get install delve, or debug.adapters.go in the configuration, which names the file dlv',
  worksIn: ({ isolation }) => !isGvisor(isolation),
  offered: async (host) => (await dlvOf(host)) !== undefined,

  async find(place) {
    const { scratch, isolation } = place;
    if (isGvisor(isolation)) {
      return { missing: 'Delve goes on from a breakpoint instruction by instruction, which gVisor does wrong: programs would crash', hint: 'use another runtime, such as docker or native' };
    }
    const own = await look(place, 'dlv');
    const copied = own === undefined && (await copy(place));
    const version = own ?? (copied ? await look(place, `${scratch}/dlv`) : undefined);
    if (version === undefined) return { missing: `this sandbox has no Delve (dlv)${copied ? ', and that of this machine does not run in it' : ''}` };
    return {
      name: 'Delve',
      version,
      // Its log would be among what the program prints.
      command: (port) => [copied ? `${scratch}/dlv` : 'dlv', 'dap', '--client-addr', `127.0.0.1:${port}`, '--log-dest', '/dev/null'],
      // The program does not get the variable (`launch`).
      env: () => configuration(scratch),
    };
  },

  launch: ({ args, cwd, env, interpreter }) => ({
    request: 'launch', mode: 'exec', program: interpreter, args, cwd, stopOnEntry: false, hideSystemGoroutines: true, env: { XDG_CONFIG_HOME: env.XDG_CONFIG_HOME ?? null },
  }),

  mends: ({ stopOnEntry }) => (sides) => new GoMend(sides, stopOnEntry),
};

function isGvisor({ layers }: Isolation): boolean {
  return layers.some(({ name, detail }) => name === 'kernel' && detail?.includes('gVisor'));
}

/** Delve makes a folder with its configuration, whatever it is asked. */
function configuration(scratch: string): Environment {
  return { XDG_CONFIG_HOME: `${scratch}/config` };
}

/** The version of this dlv. undefined: it is none. */
async function look({ run, scratch }: DebugPlace, dlv: string): Promise<string | undefined> {
  const { code, stdout } = await run([dlv, 'version'], configuration(scratch)).catch(() => ({ code: undefined, stdout: '' }));
  return code === 0 ? /^Version: (\S{1,60})$/m.exec(stdout)?.[1] : undefined;
}

/** Copies the dlv of this machine into the sandbox. Resolves with whether there is one. */
async function copy({ host, files, scratch }: DebugPlace): Promise<boolean> {
  const path = await dlvOf(host);
  const bytes = path === undefined ? undefined : await host.file(path);
  if (!bytes) return false;
  await files.write(`${scratch}/dlv`, bytes, { mode: 'create', executable: true });
  return true;
}

async function dlvOf({ folder, exists }: DebugHost): Promise<string | undefined> {
  for (const each of [folder, ...(platform() === 'linux' ? places() : [])]) {
    if (each !== undefined && (await exists(each))) return each;
  }
  return undefined;
}
