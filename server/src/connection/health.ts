/** `server/health`. */
import type { HealthResult } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';

/** Healthy as long as something can run code; a runtime that is merely absent is `off`. */
export function serverHealth(runtimes: readonly Runtime[], sessions: number, uptimeMs: number): HealthResult {
  const infos = runtimes.map((runtime) => runtime.info());
  return {
    status: infos.some(({ available }) => available) ? 'ok' : 'degraded',
    checks: [
      ...infos.map(({ id, available, reason, version }) => ({
        name: `runtime.${id}`,
        status: available ? ('ok' as const) : ('off' as const),
        ...(reason ?? version ? { detail: reason ?? version } : {}),
      })),
      { name: 'sessions', status: 'ok' as const, detail: `${sessions} open` },
    ],
    uptimeMs: Math.round(uptimeMs),
  };
}
