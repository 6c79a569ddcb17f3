/** What a daemon knows from the ones before it, for the parts that use it. */
import { digest } from '../base/digest.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../protocol/index.ts';
import type { CatalogMemory } from '../runtime/choice/catalog.ts';
import type { VerdictMemory } from '../runtime/kinds/deno/known.ts';
import { Measurements } from '../runtime/choice/measurements.ts';
import { hostIdentity } from '../state/identity.ts';
import { State } from '../state/state.ts';
import type { Surroundings } from './surroundings.ts';

export interface Memory extends CatalogMemory {
  readonly verdicts: VerdictMemory;
  /** Writes what is new. Never rejects. */
  close(): Promise<void>;
}

export interface RememberOptions {
  readonly folder: string;
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly log: Log;
}

export function remember({ folder, config, surroundings, log }: RememberOptions): Memory {
  const state = State.open({ folder, host: hostIdentity(), clock: surroundings.clock, log });
  const key = fingerprint(config, surroundings);
  const verdicts = state.section('verdicts');
  return {
    measurements: new Measurements(state.section('measurements'), (runtime, samples) => state.remember('measurements', runtime, samples)),
    found: state.section('found').get(key) ?? {},
    keep: (found) => state.remember('found', key, found),
    verdicts: { get: (file) => verdicts.get(file), set: (file, known) => state.remember('verdicts', file, known) },
    close: () => state.close(),
  };
}

/** What is found depends on all of this: where it is another one, nothing is remembered. */
function fingerprint(config: Config, { version, env, home }: Surroundings): string {
  const { PATH, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, XDG_RUNTIME_DIR } = env;
  const parts = [version, config, home, PATH, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, XDG_RUNTIME_DIR];
  return digest(JSON.stringify(parts));
}
