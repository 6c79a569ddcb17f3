/** What a policy wants to have waiting: a pool of sandboxes, and a warm interpreter in each. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { preparesSandboxes, type Policy } from '../policy/policy.ts';
import type { LanguageId } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { WarmInterpreter } from './interpreter.ts';
import { mayWait, warmUp } from './interpreters.ts';
import { SandboxPool } from './pool.ts';

/** Undefined where the policy wants nothing to wait. */
export function createPool(policy: Policy, clock: Clock, log: Log): SandboxPool<WarmInterpreter> | undefined {
  if (!preparesSandboxes(policy)) return undefined;
  const { pool } = policy;
  return new SandboxPool({
    clock,
    log,
    size: (runtime, { language }) => pool && ((language && pool[runtime]?.[language]) ?? 0),
    adjustable: mayWait,
    prepare: async (sandbox, { language, limits }) => (language && mayWait(limits) ? warmUp(sandbox, language) : undefined),
  });
}

/** Makes the sandboxes wait that the configuration names. */
export function fillPool(sandboxes: SandboxPool<WarmInterpreter>, { pool = {}, images, limits }: Policy, runtimes: readonly Runtime[]): void {
  for (const runtime of runtimes) {
    for (const language of Object.keys(pool[runtime.id] ?? {}) as LanguageId[]) {
      sandboxes.expect(runtime, { language, image: images[language], limits, network: { mode: 'none' } });
    }
  }
}
