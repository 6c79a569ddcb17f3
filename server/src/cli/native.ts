/** The runtimes that are this host's own: its interpreters, Deno and Bun, in bubblewrap where there is one. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { bun } from '../runtime/kinds/bun/bun.ts';
import { layeredDeno } from '../runtime/kinds/deno/layered.ts';
import type { Verdicts } from '../runtime/kinds/deno/look.ts';
import { createDenoRuntime } from '../runtime/kinds/deno/runtime.ts';
import type { Fifos } from '../runtime/machine/fifos.ts';
import type { Keeper } from '../runtime/machine/keeper.ts';
import { findHost, type NativeHost } from '../runtime/kinds/native/findings.ts';
import { native } from '../runtime/kinds/native/native.ts';
import { NativeRuntime } from '../runtime/kinds/native/runtime.ts';
import type { Runtime } from '../runtime/ports.ts';
import { preferredRuntime } from '../runtime/choice/prefer.ts';
import type { Surroundings } from './surroundings.ts';

export interface NativeParts {
  readonly surroundings: Surroundings;
  readonly keeper: Keeper;
  readonly fifos: Fifos;
  readonly clock: Clock;
  readonly log: Log;
  readonly verdicts: Verdicts;
}

export interface NativeRuntimes {
  readonly runtimes: readonly Runtime[];
  /** After the runtimes: what they had of the host in common. */
  close(): Promise<void>;
}

export function nativeRuntimes({ surroundings, keeper, fifos, clock, log, verdicts }: NativeParts): NativeRuntimes {
  const { env, platform, pid, uid } = surroundings;
  let found: Promise<NativeHost> | undefined;
  // What is missing may be installed while we run: only what was found is kept.
  const find = () => (found ??= findHost({ keeper, fifos, clock, searchPath: env.PATH, platform, uid, group: `codebeaker-${pid}` }).catch((fault: unknown) => {
    found = undefined;
    throw fault;
  }));
  const alone = createDenoRuntime({ keeper, clock, log: log.child('deno'), env, verdicts });
  const options = (name: string) => ({ host: find, clock, log: log.child(name) });
  return {
    runtimes: [
      new NativeRuntime(native, options('native')),
      preferredRuntime(new NativeRuntime(layeredDeno(() => alone.found()), options('deno')), alone),
      new NativeRuntime(bun(env.PATH), options('bun')),
    ],
    close: async () => {
      const held = await found?.catch(() => undefined);
      await held?.groups.close();
    },
  };
}
