/** Deno inside bubblewrap: its permissions hold the programs, and the system holds Deno. */
import type { Isolation, LanguageId, Layer } from '../../../protocol/index.ts';
import { NATIVE_SCORE, nativeIsolation } from '../native/isolation.ts';
import { expectedIsolation } from '../native/native.ts';
import type { Kind } from '../native/runtime.ts';
import type { Process, Program, Sandbox, SandboxSpec, Sink, Toolchain } from '../../ports.ts';
import { denoCommand, denoEnvironment, type Grants, programOf } from './command.ts';
import type { Found } from './look.ts';
import { Verdict } from './verdict.ts';

const FOLDER = '/opt/deno';
const extensions: Partial<Record<LanguageId, string>> = { javascript: '.js', typescript: '.ts' };

const permissions: Layer = {
  name: 'permissions', state: 'enforced', detail: "Deno's own: files of /workspace and /tmp, no network, no other program, no library, no variable of others",
};

/** `found` gives the Deno that keeps its promises. */
export function layeredDeno(found: () => Promise<Found>): Kind {
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
    wrap: (sandbox, spec) => new LayeredSandbox(sandbox, spec),
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
    prime: { takes: { file: true, env: false, args: false }, primer: () => ({ command: PRIMER, env: {}, files: {} }) },
  };
}

/** Deno waits for an order. */
const PRIMER: readonly string[] = ['deno', 'wait'];

function isPrimer(command: Program['command']): boolean {
  return command === PRIMER;
}

/** Runs nothing but Deno: every program of it has both layers. */
class LayeredSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #grants: Grants;
  readonly #memoryBytes: number;

  constructor(inner: Sandbox, { workspace, limits }: SandboxSpec) {
    this.#inner = inner;
    this.#memoryBytes = limits.memoryBytes;
    const both = ['/workspace', '/tmp'];
    this.#grants = { read: both, write: workspace?.access === 'readOnly' ? ['/tmp'] : both, denyRead: [], denyWrite: [] };
  }

  get image(): undefined {
    return undefined;
  }

  get isolation(): Isolation {
    return this.#inner.isolation;
  }

  get memoryBytes(): number | undefined {
    return this.#inner.memoryBytes;
  }

  get files(): Sandbox['files'] {
    return this.#inner.files;
  }

  get lost(): Promise<string> {
    return this.#inner.lost;
  }

  toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    return this.#inner.toolchain(language);
  }

  async start(program: Program, sink: Sink): Promise<Process> {
    const { file, args } = isPrimer(program.command) ? { file: undefined, args: [] } : programOf(program.command);
    const run = {
      binary: `${FOLDER}/deno`, entry: `${FOLDER}/main.mjs`, file, args, env: program.env, grants: this.#grants,
      memoryBytes: this.#memoryBytes, cache: '/tmp/.deno', temporary: '/tmp',
    };
    const verdict = new Verdict();
    const heard: Sink = (stream, chunk) => {
      if (stream === 'stderr') verdict.read(chunk);
      return sink(stream, chunk);
    };
    const process = await this.#inner.start({ ...program, command: denoCommand(run), env: denoEnvironment(run) }, heard);
    return judged(process, verdict);
  }

  async isPristine(): Promise<boolean> {
    return (await this.#inner.isPristine?.()) ?? true;
  }

  async copyIn(path: string, maxBytes: number, signal: AbortSignal): Promise<void> {
    await this.#inner.copyIn?.(path, maxBytes, signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The same process, but for what its end is called. */
function judged(process: Process, verdict: Verdict): Process {
  const exited = process.exited.then((exit) => verdict.judge(exit));
  return {
    exited,
    signal: (name) => process.signal(name),
    kill: (graceMs) => process.kill(graceMs),
    write: (bytes) => process.write(bytes),
    end: () => process.end(),
    resize: (size) => process.resize(size),
  };
}
