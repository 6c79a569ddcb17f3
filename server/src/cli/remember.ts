/** Connects the parts of a daemon that remember something with the state file. */
import { digest } from '../base/digest.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../protocol/index.ts';
import { type CatalogMemory, foundSection } from '../runtime/choice/catalog.ts';
import { Measurements, measurementsSection } from '../runtime/choice/measurements.ts';
import { choicesSection } from '../runtime/choice/choices.ts';
import { remembered } from '../runtime/kinds/table.ts';
import { machineIdentity } from '../state/identity.ts';
import type { Entries, Section } from '../state/section.ts';
import { State } from '../state/state.ts';
import type { Surroundings } from './surroundings.ts';

export interface Memory extends CatalogMemory {
  /** The entries of any other section. */
  entries<E>(section: Section<E>): Entries<E>;
  /** Writes what has not been written yet. Never rejects. */
  close(): Promise<void>;
}

export interface RememberOptions {
  readonly folder: string;
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly log: Log;
}

export function remember({ folder, config, surroundings, log }: RememberOptions): Memory {
  const sections = [measurementsSection, foundSection, choicesSection, ...remembered];
  const state = new State({ folder, machine: machineIdentity(), uid: surroundings.uid, sections, clock: surroundings.clock, log });
  const searches = state.entries(foundSection);
  const key = fingerprint(config, surroundings);
  return {
    measurements: new Measurements(state.entries(measurementsSection)),
    choices: state.entries(choicesSection),
    found: searches.get(key) ?? {},
    keep: (now) => void searches.set(key, now),
    entries: (section) => state.entries(section),
    close: () => state.close(),
  };
}

/** A digest of everything on which the search for runtimes depends. If any of it changes, the old results are not used. */
function fingerprint(config: Config, { version, env, home }: Surroundings): string {
  const { PATH, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, XDG_RUNTIME_DIR } = env;
  const parts = [version, config, home, PATH, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, XDG_RUNTIME_DIR];
  return digest(JSON.stringify(parts));
}
