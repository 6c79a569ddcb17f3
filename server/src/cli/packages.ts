/** Puts together what installs packages: the shelf in the user's cache, the managers, and their registries. */
import type { Log } from '../base/log.ts';
import type { Ways } from '../network/dial.ts';
import { createAdvisor } from '../packages/advisories/advisor.ts';
import { Installer } from '../packages/installer.ts';
import { judgeBy } from '../packages/judge.ts';
import { managers } from '../packages/managers/index.ts';
import { defaultBounds } from '../packages/registries/bounds.ts';
import { diallerFor } from '../packages/registries/dialler.ts';
import { machineOf } from '../packages/registries/machine.ts';
import { createRegistries } from '../packages/registries/registries.ts';
import { certificatesOf } from '../network/trust.ts';
import { measure } from '../packages/shelf/measure.ts';
import { MAX_FILES, Shelf } from '../packages/shelf/shelf.ts';
import { ownFolder } from '../policy/own-folder.ts';
import type { PackagesPolicy } from '../policy/packages.ts';
import type { Keeper } from '../runtime/machine/keeper.ts';
import type { Surroundings } from './surroundings.ts';

export interface InstallerParts {
  readonly surroundings: Surroundings;
  readonly policy: PackagesPolicy;
  readonly keeper: Keeper;
  readonly ways: Ways;
  readonly log: Log;
}

export function createInstaller({ surroundings, policy, keeper, ways, log }: InstallerParts): Installer {
  const { clock } = surroundings;
  const machine = machineOf(surroundings);
  const dialler = diallerFor(ways, clock);
  return new Installer({
    shelf: createShelf(surroundings, keeper.name, log),
    managers,
    registries: createRegistries({ machine, configured: policy.registries ?? {}, dialler, bounds: defaultBounds, log }),
    advise: policy.advisories === undefined ? undefined : createAdvisor({ url: policy.advisories, dialler, certificates: () => certificatesOf(machine), bounds: defaultBounds, clock, log: log.child('advisories') }),
    cacheBytes: policy.cacheBytes,
    clock,
    log,
    measure: (path, signal) => measure(path, MAX_FILES, signal, { keeper, clock }),
    judge: judgeBy(policy.block),
  });
}

/** `owner`: the name of the keeper of this process, or one of the same form. */
export function createShelf({ env, home, uid, clock }: Surroundings, owner: string, log: Log): Shelf {
  return new Shelf({ cache: ownFolder('XDG_CACHE_HOME', { env, home }), owner, uid, clock, log });
}
