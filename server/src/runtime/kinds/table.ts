/**
 * Every kind of runtime: the one list of them. A new kind is a folder beside this file and a row in here. A start reads
 * this file, so none of their code is imported but by `load` and `sweep`.
 */
import type { Config } from '../../protocol/index.ts';
import type { Runtime, RuntimeCan } from '../ports.ts';
import type { Section } from '../../state/section.ts';
import { verdictsSection } from './deno/remembered.ts';
import { type ContainerKind, containerKinds } from './docker/kinds.ts';
import type { SharedParts } from './shared.ts';

export interface RuntimeKind {
  readonly id: string;
  /** As far as can be said before its code is loaded. */
  readonly can: RuntimeCan;
  /** Loads its code and makes the runtime, which has the same id. */
  load(shared: SharedParts): Promise<Runtime>;
  /** What a daemon that died suddenly can have left of it. undefined: the daemon's keeper removes everything. */
  readonly leftovers: Leftovers | undefined;
}

export interface Leftovers {
  /** What they are, for messages. */
  readonly what: string;
  /** Removes what is labelled with the id of a daemon of which `gone` says so. Resolves with how many there were. */
  sweep(shared: SharedParts, gone: (daemonId: string) => boolean): Promise<number>;
}

/** In the order in which people are told of them: the containers of the configuration come after the engine's plain ones. */
export function runtimeKinds(docker: Config['docker']): readonly RuntimeKind[] {
  return [...containerKinds(docker).map(containers), native, deno, bun];
}

/** What kinds remember from one daemon to the next. */
export const remembered: readonly Section<unknown>[] = [verdictsSection];

/** What several kinds leave in one place is there once. */
export function leftoversOf(kinds: readonly RuntimeKind[]): readonly Leftovers[] {
  return [...new Set(kinds.flatMap(({ leftovers }) => leftovers ?? []))];
}

const withTerminals: RuntimeCan = { terminals: true, networks: ['none'] };

const inTheEngine: Leftovers = {
  what: 'containers',
  sweep: async ({ engine }, gone) => (await import('./docker/leftovers.ts')).sweepContainers(engine, gone),
};

const containers = (kind: ContainerKind): RuntimeKind => ({
  id: kind.id,
  can: withTerminals,
  leftovers: inTheEngine,
  load: async (shared) => {
    const { DockerRuntime } = await import('./docker/runtime.ts');
    const { engine, daemonId, keeper, fifos, images, clock } = shared;
    return new DockerRuntime({ kind, engine, daemonId, images, clock, log: shared.log.child(kind.id), sweepOnDeath: () => shared.sweepOnDeath(), pipes: { keeper, fifos } });
  },
});

const native: RuntimeKind = {
  id: 'native',
  can: withTerminals,
  leftovers: undefined,
  load: async (shared) => (await import('./native/native.ts')).createNativeRuntime(shared.confined('native')),
};

const deno: RuntimeKind = {
  id: 'deno',
  // It has terminals only where it runs in bubblewrap.
  can: { terminals: false, networks: ['none'] },
  leftovers: undefined,
  load: async (shared) => {
    const [{ preferredRuntime }, { createDenoRuntime }, { createLayeredDeno }, { rememberedVerdicts }] = await Promise.all([
      import('../choice/prefer.ts'), import('./deno/runtime.ts'), import('./deno/layered.ts'), import('./deno/known.ts'),
    ]);
    const { keeper, clock, env, version } = shared;
    const known = rememberedVerdicts(shared.entries(verdictsSection), version);
    const alone = createDenoRuntime({ keeper, clock, log: shared.log.child('deno'), env, verdicts: known });
    return preferredRuntime(createLayeredDeno(() => alone.found(), shared.confined('deno')), alone);
  },
};

const bun: RuntimeKind = {
  id: 'bun',
  can: withTerminals,
  leftovers: undefined,
  load: async (shared) => (await import('./bun/bun.ts')).createBunRuntime(shared.env.PATH, shared.confined('bun')),
};
