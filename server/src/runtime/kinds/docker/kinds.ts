/** How one engine runs containers: by which OCI runtime. Each way is a runtime of its own, and they share everything else. */
import type { Config } from '../../../protocol/index.ts';
import type { EngineInfo } from './engine.ts';

export interface ContainerKind {
  readonly id: string;
  /** Which of the engine's OCI runtimes; undefined where it has none that will do. */
  find(engine: Offer): string | undefined;
  /** Where it has none: what is missing, and what to do about it. */
  readonly missing: { readonly reason: string; readonly hint: string };
  /** Of 10. More than `HOST_KERNEL_SCORE` promises a kernel of the sandbox's own. */
  readonly score: number;
  /** Estimates. */
  readonly startup: { readonly coldMs: number; readonly warmMs: number };
  readonly memoryBytes: number;
}

export type Offer = Pick<EngineInfo, 'runtimes' | 'defaultRuntime'>;

/** What a container is worth that shares the host's kernel. */
export const HOST_KERNEL_SCORE = 7;

const MIB = 1024 * 1024;
const SHARING = { coldMs: 250, warmMs: 30 };

/** All that the configuration gives, the engine's plain containers first. */
export function containerKinds({ ociRuntime, runtimes = {} }: NonNullable<Config['docker']> = {}): ContainerKind[] {
  const named = Object.entries(runtimes).map(([id, { ociRuntime: name = id, isolation }]) => configured(id, name, isolation));
  return [plain(ociRuntime), gvisor, ...named];
}

function plain(name: string | undefined): ContainerKind {
  return {
    id: 'docker',
    find: ({ runtimes, defaultRuntime }) => (name === undefined ? defaultRuntime : present(name, runtimes)),
    missing: notThere(name ?? 'runc', 'docker.ociRuntime'),
    score: HOST_KERNEL_SCORE,
    startup: SHARING,
    memoryBytes: 8 * MIB,
  };
}

/** A kernel in user space answers the system calls: docs at gvisor.dev. */
export const gvisor: ContainerKind = {
  id: 'gvisor',
  find: ({ runtimes }) => present('runsc', runtimes) ?? [...runtimes].find(([name, path]) => isGvisor(name, path))?.[0],
  missing: {
    reason: 'the Docker engine has no OCI runtime runsc',
    hint: 'install gVisor, run "runsc install", and have Docker reload its configuration',
  },
  score: 9,
  startup: { coldMs: 600, warmMs: 150 },
  memoryBytes: 24 * MIB,
};

function configured(id: string, name: string, score: number): ContainerKind {
  return {
    id,
    find: ({ runtimes }) => present(name, runtimes),
    missing: notThere(name, `docker.runtimes.${id}`),
    score,
    startup: score > HOST_KERNEL_SCORE ? { coldMs: 1_500, warmMs: 50 } : SHARING,
    memoryBytes: (score > HOST_KERNEL_SCORE ? 128 : 8) * MIB,
  };
}

/** By whatever name: what runs under gVisor has limits of another kind. */
export function isGvisor(name: string, path = ''): boolean {
  return /^runsc(?![a-z])/.test(name) || /(?:^|\/)runsc(?![a-z])[^/]*$|\.runsc\./.test(path);
}

function present(name: string, runtimes: Offer['runtimes']): string | undefined {
  return runtimes.has(name) ? name : undefined;
}

function notThere(name: string, key: string): ContainerKind['missing'] {
  return { reason: `the Docker engine has no OCI runtime ${name}`, hint: `add it to the engine's runtimes, or change ${key}` };
}
