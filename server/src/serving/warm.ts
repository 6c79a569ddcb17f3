/** What is made ahead for a client: sandboxes, and an interpreter in each. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { mayWait, prime } from '../command/ahead.ts';
import type { PrimedProgram } from '../command/primed.ts';
import { makesAhead, type Policy } from '../policy/policy.ts';
import type { LanguageId } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import { SandboxPool } from '../session/pool.ts';

/** In what waits, an interpreter waits too. Undefined where the policy wants nothing to wait. */
export function createPool(policy: Policy, clock: Clock, log: Log): SandboxPool<PrimedProgram> | undefined {
  if (!makesAhead(policy)) return undefined;
  const { pool } = policy;
  return new SandboxPool({
    clock,
    log,
    size: (runtime, { language }) => pool && ((language && pool[runtime]?.[language]) ?? 0),
    adjustable: mayWait,
    prepare: async (sandbox, { language, limits }) => (language && mayWait(limits) ? prime(sandbox, language) : undefined),
  });
}

/** What is configured begins to wait at once. */
export function fillPool(sandboxes: SandboxPool<PrimedProgram>, { pool = {}, images, limits }: Policy, catalog: Catalog): void {
  for (const { runtime } of catalog.choosable) {
    for (const language of Object.keys(pool[runtime.id] ?? {}) as LanguageId[]) {
      sandboxes.expect(runtime, { language, image: images[language], limits, network: { mode: 'none' } });
    }
  }
}
