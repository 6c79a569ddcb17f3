/** Deno in bubblewrap: Deno's permissions confine the programs, and the operating system confines Deno. */
import { forwarding } from '../../../base/forward.ts';
import type { Isolation, KnownLayer } from '../../../protocol/index.ts';
import { NATIVE_SCORE, nativeIsolation } from '../native/isolation.ts';
import { expectedIsolation } from '../native/native.ts';
import { type NativeKind, type NativeOptions, NativeRuntime } from '../native/runtime.ts';
import { weaknessesOf } from '../../holes/find.ts';
import { TYPESCRIPT } from '../../typescript.ts';
import { cannot, type Process, type Program, type Sandbox, type SandboxSpec, TERMINAL_TYPE, type WarmUp } from '../../ports.ts';
import { debuggerCommand, denoCommand, denoEnvironment, type DenoRun, type Grants, programOf } from './command.ts';
import type { Found } from './detect.ts';
import { ExitCause } from './exit-cause.ts';
import { denoLanguages, denoToolchain } from './toolchain.ts';

/** Where Deno is inside. */
const FOLDER = '/opt/deno';
const BINARY = `${FOLDER}/deno`;
const BOOTSTRAP = `${FOLDER}/bootstrap.mjs`;
const BRIDGE = `${FOLDER}/bridge.cjs`;
/** Loopback is the sandbox's own. */
const LOOPBACK = '127.0.0.1';
/** V8 reserves this much for compiled code, for each isolate, and Deno has one or two. */
const CODE_RANGE_BYTES = 1024 * 1024 * 1024;

const permissions: KnownLayer = {
  name: 'permissions', state: 'enforced', detail: "Deno's own: files in /workspace and /tmp only, no network, no other programs, no native libraries, no variables but the program's own",
};

/** `found` resolves with the Deno that was tried out; it rejects where there is none. */
export function createLayeredDeno(found: () => Promise<Found>, options: NativeOptions): NativeRuntime {
  return new NativeRuntime(layeredDeno(found), options);
}

function layeredDeno(found: () => Promise<Found>): NativeKind {
  return {
    id: 'deno',
    languages: denoLanguages,
    isolation: layered(expectedIsolation),
    startup: { coldMs: 20, warmMs: 40 },
    memoryBytes: 2 * 1024 * 1024,
    packages: false,
    networks: ['none'],
    hint: 'npm install deno, or put a recent deno on PATH',
    version: ([language]) => language?.version,
    reservedBytes: () => CODE_RANGE_BYTES,
    async equip() {
      const { binary, bootstrap, bridge, version } = await found();
      return {
        binds: [[binary, BINARY], [bootstrap, BOOTSTRAP], ...(bridge === undefined ? [] : [[bridge, BRIDGE] as const])],
        path: [FOLDER],
        weaknesses: weaknessesOf('deno', version),
        isolation: (facts, spec, reservedBytes) => layered(nativeIsolation(facts, spec, reservedBytes)),
        findToolchain: (language) => Promise.resolve(denoToolchain(language, version, warmUp)),
      };
    },
    wrap: layeredSandbox,
  };
}

/** A second layer of another kind is worth one point, if nothing is missing from the first. */
function layered({ score, layers }: Isolation): Isolation {
  return { score: score + (score === NATIVE_SCORE ? 1 : 0), layers: [...layers, permissions] };
}

/** bootstrap.mjs hides that it was held. No variable of a program has an effect before its file. */
const warmUp: WarmUp = { extra: () => ({ env: {} }), early: /^$/ };

/**
 * A sandbox that runs nothing but Deno, so that both layers hold for every program. Its limits can't be changed: a Deno
 * that waits was started with a heap for the limit of memory at that time. Deno lets its programs have no connections.
 */
function layeredSandbox(inner: Sandbox, { workspace, limits }: SandboxSpec): Sandbox {
  const both = ['/workspace', '/tmp'];
  const grants: Grants = { read: both, write: workspace?.access === 'readOnly' ? ['/tmp'] : both, denyRead: [], denyWrite: [] };
  const withDeno = (program: Program): Program => {
    // A program may read only the variables that its command line names.
    const env = program.pty ? { TERM: TERMINAL_TYPE, ...program.env } : program.env;
    const { file, args } = programOf(program.command);
    const run: DenoRun = {
      binary: BINARY, bootstrap: BOOTSTRAP, typescript: TYPESCRIPT, file, args, env, grants,
      memoryBytes: limits.memoryBytes, cache: '/tmp/.codebeaker-deno', temporary: '/tmp',
    };
    if (!program.debugger) return { ...program, command: denoCommand(run), env: denoEnvironment(run) };
    const debuggee: DenoRun = { ...run, inspector: LOOPBACK };
    return { ...program, command: debuggerCommand(run, BRIDGE), env: { ...denoEnvironment(debuggee), CODEBEAKER_DEBUGGEE: JSON.stringify(denoCommand(debuggee)) } };
  };
  return forwarding(() => inner, {
    can: { ...inner.can, adjust: false, connections: false },
    adjust: () => cannot('be held to other limits'),
    listen: () => cannot('take connections of programs'),
    connect: () => cannot('be connected to'),
    watchPorts: (_signal, changed) => changed([]),
    start: async (program, sink, stop) => {
      const cause = new ExitCause();
      return judged(await inner.start(withDeno(program), cause.reading(sink, program), stop), cause);
    },
    hold: async (program, path, sink) => {
      const cause = new ExitCause();
      return judged(await inner.hold(withDeno(program), path, cause.reading(sink, program)), cause);
    },
  });
}

/** The same process, but its exit is judged by `cause`. */
function judged<T extends Process>(running: T, cause: ExitCause): T {
  return forwarding<T>(() => running, { exited: running.exited.then((exit) => cause.judge(exit)) } as Partial<T>);
}
