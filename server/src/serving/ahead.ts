/** Begins to install what the configuration names, as the sessions of this daemon would get it. This file is loaded only if it names something. */
import { abortable } from '../base/promises.ts';
import { Ahead } from '../packages/ahead.ts';
import type { Installer } from '../packages/installer.ts';
import { resolveLimits } from '../policy/policy.ts';
import type { PackagesAhead } from '../protocol/index.ts';
import { selectRuntime } from '../runtime/choice/select.ts';
import { Quiet } from './listeners/quiet.ts';
import type { HouseParts } from './parts.ts';

export function installAhead(entries: readonly PackagesAhead[], installer: () => Promise<Installer>, { policy, catalog, events, clock, log }: HouseParts): Ahead {
  const quiet = new Quiet(clock, events);
  const ahead = new Ahead({
    entries, installer, clock, log,
    limits: resolveLimits(policy, {}),
    choose: ({ language, runtime }) => {
      const image = policy.images[language];
      const required = { packages: true, ...(runtime === undefined ? {} : { runtimes: [runtime] }) };
      const { chosen } = selectRuntime(catalog.choosable, { language, preference: policy.preference, required, image }, catalog.choices);
      return { runtime: chosen.runtime, image };
    },
    quiet: async (signal) => {
      // A choice needs to know all runtimes.
      await abortable(signal, catalog.whenLookedAtAll());
      await quiet.wait(signal);
    },
  });
  void ahead.done.then(() => quiet.close());
  return ahead;
}
