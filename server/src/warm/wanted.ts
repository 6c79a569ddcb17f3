/** Creates the pool that a policy asks for, with a warm interpreter in each sandbox. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { preparesSandboxes, type Policy } from '../policy/policy.ts';
import type { LanguageId } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { WarmInterpreter } from './interpreter.ts';
import { firstWish, mayWait, warmUp } from './interpreters.ts';
import { type PoolSpec, SandboxPool } from './pool.ts';

/** Returns undefined if the policy turns preparing sandboxes off. */
export function createPool(policy: Policy, clock: Clock, log: Log): SandboxPool<WarmInterpreter> | undefined {
  if (!preparesSandboxes(policy)) return undefined;
  const { pool } = policy;
  return new SandboxPool({
    clock,
    log,
    size: (runtime, { language }) => pool && ((language && pool[runtime]?.[language]) ?? 0),
    adjustable: mayWait,
    prepare: async (sandbox, { language, limits }) => (language && mayWait(limits) ? warmUp(sandbox, firstWish(language)) : undefined),
  });
}

/** Tells the pool which sandboxes the configuration names, so that it prepares them. */
export function fillPool(sandboxes: SandboxPool<WarmInterpreter>, { pool = {}, images, limits }: Policy, runtimes: readonly Runtime[], packages: PoolSpec['packages']): void {
  for (const runtime of runtimes) {
    for (const language of Object.keys(pool[runtime.id] ?? {}) as LanguageId[]) {
      sandboxes.expect(runtime, { language, image: images[language], limits, packages });
    }
  }
}
