/** The result of `server/health`. */
import type { HealthResult, RuntimeInfo } from '../../protocol/index.ts';

/** The status is `ok` as long as at least one runtime is available. A runtime that is not available is `off`. */
export function serverHealth(infos: readonly RuntimeInfo[], sessions: number, uptimeMs: number): HealthResult {
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
