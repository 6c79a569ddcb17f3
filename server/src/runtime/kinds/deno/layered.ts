/** Deno in bubblewrap: Deno's permissions confine the programs, and the operating system confines Deno. */
import { forwarding } from '../../../base/forward.ts';
import type { Isolation, Layer } from '../../../protocol/index.ts';
import { NATIVE_SCORE, nativeIsolation } from '../native/isolation.ts';
import { expectedIsolation } from '../native/native.ts';
import { type NativeKind, type NativeOptions, NativeRuntime } from '../native/runtime.ts';
import { cannot, type Process, type Program, type Sandbox, type SandboxSpec, type Sink, type WarmUp } from '../../ports.ts';
import { denoCommand, denoEnvironment, type Grants, programOf } from './command.ts';
import type { Found } from './detect.ts';
import { ExitCause } from './exit-cause.ts';
import { denoLanguages, denoToolchain } from './toolchain.ts';

/** Where Deno is inside. */
const FOLDER = '/opt/deno';
const BINARY = `${FOLDER}/deno`;
const BOOTSTRAP = `${FOLDER}/bootstrap.mjs`;

const permissions: Layer = {
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
    hint: 'npm install deno, or put a recent deno on PATH',
    version: ([language]) => language?.version,
    async equip() {
      const { binary, bootstrap, version } = await found();
      return {
        binds: [[binary, BINARY], [bootstrap, BOOTSTRAP]],
        path: [FOLDER],
        isolation: (facts, spec) => layered(nativeIsolation(facts, spec)),
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

/** The command of a Deno that waits for an order. It is compared by identity: no command of a client can be it. */
const WAIT: readonly string[] = ['deno', 'wait'];

/** Which variables a program may see, and its arguments, have to be known when Deno starts. */
const warmUp: WarmUp = { takes: { file: true, env: false, args: false }, start: () => ({ command: WAIT, env: {}, files: {} }) };

/**
 * A sandbox that runs nothing but Deno, so that both layers hold for every program. Its limits can't be changed: a Deno
 * that waits for its order was started with a heap for the limit of memory at that time.
 */
function layeredSandbox(inner: Sandbox, { workspace, limits }: SandboxSpec): Sandbox {
  const both = ['/workspace', '/tmp'];
  const grants: Grants = { read: both, write: workspace?.access === 'readOnly' ? ['/tmp'] : both, denyRead: [], denyWrite: [] };
  const start = async (program: Program, sink: Sink): Promise<Process> => {
    const { file, args } = program.command === WAIT ? { file: undefined, args: [] } : programOf(program.command);
    const run = {
      binary: BINARY, bootstrap: BOOTSTRAP, file, args, env: program.env, grants,
      memoryBytes: limits.memoryBytes, cache: '/tmp/.deno', temporary: '/tmp',
    };
    const cause = new ExitCause();
    return judged(await inner.start({ ...program, command: denoCommand(run), env: denoEnvironment(run) }, cause.reading(sink)), cause);
  };
  return forwarding(() => inner, {
    can: { ...inner.can, adjust: false },
    adjust: () => cannot('be held to other limits'),
    start,
  });
}

/** The same process, but its exit is judged by `cause`. */
function judged(running: Process, cause: ExitCause): Process {
  return forwarding(() => running, { exited: running.exited.then((exit) => cause.judge(exit)) });
}
