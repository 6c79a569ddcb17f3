/** Deno inside bubblewrap: its permissions hold the programs, and the system holds Deno. */
import { forwarding } from '../../../base/forward.ts';
import type { Isolation, LanguageId, Layer } from '../../../protocol/index.ts';
import { NATIVE_SCORE, nativeIsolation } from '../native/isolation.ts';
import { expectedIsolation } from '../native/native.ts';
import { type NativeKind, type NativeOptions, NativeRuntime } from '../native/runtime.ts';
import { cannot, type Process, type Program, type Sandbox, type SandboxSpec, type Sink, type Toolchain } from '../../ports.ts';
import { denoCommand, denoEnvironment, type Grants, programOf } from './command.ts';
import type { Found } from './look.ts';
import { Verdict } from './verdict.ts';

const FOLDER = '/opt/deno';
const extensions: Partial<Record<LanguageId, string>> = { javascript: '.js', typescript: '.ts' };

const permissions: Layer = {
  name: 'permissions', state: 'enforced', detail: "Deno's own: files of /workspace and /tmp, no network, no other program, no library, no variable of others",
};

/** `found` gives the Deno that keeps its promises. */
export function createLayeredDeno(found: () => Promise<Found>, options: NativeOptions): NativeRuntime {
  return new NativeRuntime(layeredDeno(found), options);
}

function layeredDeno(found: () => Promise<Found>): NativeKind {
  return {
    id: 'deno',
    languages: ['javascript', 'typescript'],
    isolation: layered(expectedIsolation),
    startup: { coldMs: 20, warmMs: 40 },
    memoryBytes: 2 * 1024 * 1024,
    hint: 'npm install deno, or put a recent deno on PATH',
    version: ([language]) => language?.version,
    async equip() {
      const { binary, entry, version } = await found();
      return {
        binds: [[binary, `${FOLDER}/deno`], [entry, `${FOLDER}/main.mjs`]],
        path: [FOLDER],
        isolation: (facts, spec) => layered(nativeIsolation(facts, spec)),
        findToolchain: (language) => Promise.resolve(toolchain(language, version)),
      };
    },
    wrap: layeredSandbox,
  };
}

/** Two layers of different kinds are better than one. */
function layered({ score, layers }: Isolation): Isolation {
  return { score: score + (score === NATIVE_SCORE ? 1 : 0), layers: [...layers, permissions] };
}

function toolchain(language: LanguageId, version: string): Toolchain | undefined {
  const extension = extensions[language];
  if (extension === undefined) return undefined;
  return {
    extension,
    version: () => Promise.resolve(version),
    phases: (file, args) => [{ name: 'run', command: ['deno', 'run', file, ...args], env: {} }],
    // What variables it may see, and what its arguments are, is settled when it starts.
    warmUp: { takes: { file: true, env: false, args: false }, start: () => ({ command: WAIT, env: {}, files: {} }) },
  };
}

/** Deno waits for an order. */
const WAIT: readonly string[] = ['deno', 'wait'];

function isWarmStart(command: Program['command']): boolean {
  return command === WAIT;
}

/**
 * Runs nothing but Deno: every program of it has both layers. A Deno that waits in it was started with the limit of
 * memory that held then, and keeps to it: so the sandbox is not held to another one.
 */
function layeredSandbox(inner: Sandbox, { workspace, limits }: SandboxSpec): Sandbox {
  const both = ['/workspace', '/tmp'];
  const grants: Grants = { read: both, write: workspace?.access === 'readOnly' ? ['/tmp'] : both, denyRead: [], denyWrite: [] };
  const start = async (program: Program, sink: Sink): Promise<Process> => {
    const { file, args } = isWarmStart(program.command) ? { file: undefined, args: [] } : programOf(program.command);
    const run = {
      binary: `${FOLDER}/deno`, entry: `${FOLDER}/main.mjs`, file, args, env: program.env, grants,
      memoryBytes: limits.memoryBytes, cache: '/tmp/.deno', temporary: '/tmp',
    };
    const verdict = new Verdict();
    const heard: Sink = (stream, chunk) => {
      if (stream === 'stderr') verdict.read(chunk);
      return sink(stream, chunk);
    };
    return judged(await inner.start({ ...program, command: denoCommand(run), env: denoEnvironment(run) }, heard), verdict);
  };
  return forwarding(() => inner, {
    can: { ...inner.can, adjust: false },
    adjust: () => cannot('be held to other limits'),
    start,
  });
}

/** The same process, but for what its end is called. */
function judged(process: Process, verdict: Verdict): Process {
  return forwarding(() => process, { exited: process.exited.then((exit) => verdict.judge(exit)) });
}
