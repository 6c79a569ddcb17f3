/** The runtimes, and what they have in common. Loaded when one of them is first needed: a start does without. */
import { randomBytes } from 'node:crypto';
import type { Log } from '../base/log.ts';
import { hiddenPlaces } from '../policy/hidden.ts';
import type { Config, LanguageId } from '../protocol/index.ts';
import { rememberedVerdicts, type VerdictMemory } from '../runtime/kinds/deno/known.ts';
import { Engine } from '../runtime/kinds/docker/engine.ts';
import { resolveEngine } from '../runtime/kinds/docker/address.ts';
import { containerKinds } from '../runtime/kinds/docker/kinds.ts';
import { DockerRuntime } from '../runtime/kinds/docker/runtime.ts';
import { Fifos } from '../runtime/machine/fifos.ts';
import { Keeper } from '../runtime/machine/keeper.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { Surroundings } from './surroundings.ts';
import { nativeRuntimes } from './native.ts';

export interface RuntimesOptions {
  readonly surroundings: Surroundings;
  readonly config: Config;
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  readonly log: Log;
  readonly verdicts: VerdictMemory;
}

export interface Runtimes {
  readonly all: readonly Runtime[];
  /** Host paths that no sandbox ever sees. */
  hidden(): Promise<readonly string[]>;
  /** Removes containers of daemons of this machine that are gone. Never rejects. */
  sweep(): Promise<void>;
  /** After the runtimes: what they had in common. */
  close(): Promise<void>;
}

export function createRuntimes({ surroundings, config, images, log, verdicts }: RuntimesOptions): Runtimes {
  const { clock, env, home } = surroundings;
  const daemonId = `${surroundings.hostname}.${surroundings.pid}.${randomBytes(4).toString('hex')}`;
  const keeper = new Keeper({ pid: surroundings.pid, log });
  const fifos = new Fifos(keeper);
  const engine = createEngine(config, surroundings);
  // The container's own lease may be stopped by what runs inside it: this one can't.
  const guard = () => keeper.onDeath([...surroundings.self, `--sweep=${daemonId}`]);
  const containers = containerKinds(config.docker).map(
    (kind) => new DockerRuntime({ kind, engine, daemonId, images, clock, log: log.child(kind.id), guard, pipes: { keeper, fifos } }),
  );
  const own = nativeRuntimes({ surroundings, keeper, fifos, clock, log, verdicts: rememberedVerdicts(verdicts, surroundings.version) });
  const places = hiddenPlaces({ env, home, stateFolder: config.stateDir, engineSocket: engine.address.options.socketPath });
  return {
    all: [...containers, ...own.runtimes],
    hidden: async () => [...places, await keeper.folder()],
    sweep: () => sweepStrays(containers, surroundings, log),
    close: async () => {
      await own.close();
      await keeper.close();
    },
  };
}

export function createEngine(config: Config, { env, home, platform, clock }: Surroundings): Engine {
  return new Engine(resolveEngine({ configured: config.docker?.host, env, home, platform }), clock);
}

/** Of whatever kind: any runtime of the engine's removes all. */
async function sweepStrays(containers: readonly DockerRuntime[], surroundings: Surroundings, log: Log): Promise<void> {
  const able = containers.find((runtime) => runtime.info().available);
  if (!able) return;
  try {
    const removed = await able.sweep((id) => !isStray(id, surroundings));
    if (removed > 0) log.info(`removed ${removed} containers of daemons that are gone`);
  } catch (fault) {
    log.warn('stray containers could not be removed', fault);
  }
}

function isStray(daemonId: string, surroundings: Surroundings): boolean {
  const [, hostname, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(daemonId) ?? [];
  return hostname === surroundings.hostname && !surroundings.alive(Number(pid));
}
