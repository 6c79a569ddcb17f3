/** The kinds of containers. They differ in the OCI runtime that the engine runs them with; each kind is a runtime of its own. */
import type { Config } from '../../../protocol/index.ts';
import type { EngineInfo } from './engine.ts';

export interface ContainerKind {
  readonly id: string;
  /** The name of the OCI runtime of this engine that is used. undefined: the engine has none that will do. */
  find(engine: Offer): string | undefined;
  /** What is missing if the engine has none, and what to do about it. */
  readonly missing: { readonly reason: string; readonly hint: string };
  /** The score of the isolation, of 10. A kind with more than `HOST_KERNEL_SCORE` promises that a sandbox has a kernel of its own. */
  readonly score: number;
  /** Estimates, for as long as nothing was measured. */
  readonly startup: { readonly coldMs: number; readonly warmMs: number };
  readonly memoryBytes: number;
}

export type Offer = Pick<EngineInfo, 'runtimes' | 'defaultRuntime'>;

/** The score of a container that shares the kernel of the host. */
export const HOST_KERNEL_SCORE = 7;

const MIB = 1024 * 1024;
const SHARING = { coldMs: 250, warmMs: 30 };

/** The engine's plain containers first, then gVisor, then those that the configuration names. */
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

/** Containers under gVisor, whose system calls are answered by a kernel in user space: see gvisor.dev. */
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

/** Whether an OCI runtime is gVisor, under whatever name the engine has it. Limits work otherwise there (gvisor.ts). */
export function isGvisor(name: string, path = ''): boolean {
  return /^runsc(?![a-z])/.test(name) || /(?:^|\/)runsc(?![a-z])[^/]*$|\.runsc\./.test(path);
}

function present(name: string, runtimes: Offer['runtimes']): string | undefined {
  return runtimes.has(name) ? name : undefined;
}

function notThere(name: string, key: string): ContainerKind['missing'] {
  return { reason: `the Docker engine has no OCI runtime ${name}`, hint: `add it to the engine's runtimes, or change ${key}` };
}
