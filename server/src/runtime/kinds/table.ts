/**
 * The one list of all kinds of runtimes. A new kind is a folder beside this file and a row in it. Every start of the
 * daemon reads this file, so the code of a kind is imported only in `load` and `sweep`, when it is needed.
 */
import type { Config } from '../../protocol/index.ts';
import { everyNetwork, type Runtime, type RuntimeCan } from '../ports.ts';
import type { Section } from '../../state/section.ts';
import type { Verdict } from '../machine/strays.ts';
import { verdictsSection } from './deno/remembered.ts';
import { type ContainerKind, containerKinds } from './docker/kinds.ts';
import type { Left } from './docker/leftovers.ts';
import type { SharedParts } from './shared.ts';

export interface RuntimeKind {
  readonly id: string;
  /** What is known, before the code is loaded, of what the runtime can do. */
  readonly can: RuntimeCan;
  /** Loads the code and makes the runtime, which has the same id. */
  load(shared: SharedParts): Promise<Runtime>;
  /** What a daemon can leave behind when it dies suddenly. undefined: the daemon's keeper removes everything. */
  readonly leftovers: Leftovers | undefined;
}

export interface Leftovers {
  /** The word for them in messages. */
  readonly what: string;
  /** Finds everything that is labelled with the id of a daemon. `fate` says what is known of the daemon with an id; undefined: nothing. */
  find(shared: SharedParts, fate: (daemonId: string) => Verdict | undefined): Promise<readonly Left[]>;
}

/** Removes what daemons have left for which `gone` is true, and what no living daemon can have. Resolves with the number of things removed. */
export async function sweepLeftovers({ find }: Leftovers, shared: SharedParts, gone: (daemonId: string) => boolean): Promise<number> {
  const found = await find(shared, (id) => (gone(id) ? { dead: true, why: 'its daemon has died' } : undefined));
  const dead = found.filter((left) => left.dead);
  await Promise.all(dead.map((left) => left.remove()));
  return dead.length;
}

/** In the order in which they are shown to people. */
export function runtimeKinds(docker: Config['docker']): readonly RuntimeKind[] {
  return [...containerKinds(docker).map(containers), native, deno, bun];
}

/** The sections of the state file that belong to kinds. */
export const remembered: readonly Section<unknown>[] = [verdictsSection];

/** The leftovers of all kinds. Kinds that leave theirs in the same place have one and the same, which is here once. */
export function leftoversOf(kinds: readonly RuntimeKind[]): readonly Leftovers[] {
  return [...new Set(kinds.flatMap(({ leftovers }) => leftovers ?? []))];
}

const withTerminals: RuntimeCan = { terminals: true, networks: everyNetwork, packages: true };

const inTheEngine: Leftovers = {
  what: 'containers',
  find: async ({ engine, clock }, fate) => (await import('./docker/leftovers.ts')).findContainers(engine, clock, fate),
};

const containers = (kind: ContainerKind): RuntimeKind => ({
  id: kind.id,
  can: withTerminals,
  leftovers: inTheEngine,
  load: async (shared) => {
    const { DockerRuntime } = await import('./docker/runtime.ts');
    const { engine, daemonId, keeper, images, clock } = shared;
    const log = shared.log.child(kind.id);
    const credentials = (image: string) => shared.credentials(image, log);
    return new DockerRuntime({ kind, engine, daemonId, images, clock, log, sweepOnDeath: () => shared.sweepOnDeath(), keeper, credentials });
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
  // Where it runs in bubblewrap it has terminals; that is known only when it has been loaded.
  can: { terminals: false, networks: ['none'], packages: false },
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
