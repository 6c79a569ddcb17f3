/** The result of `server/health`. */
import type { HealthResult, RuntimeInfo, Weakness } from '../../protocol/index.ts';

/** The status is `ok` as long as at least one runtime is available. A runtime that is not available is `off`, one whose programs have an open hole is `degraded`. */
export function serverHealth(infos: readonly RuntimeInfo[], sessions: number, uptimeMs: number): HealthResult {
  return {
    status: infos.some(({ available }) => available) ? 'ok' : 'degraded',
    checks: [
      ...infos.map(runtimeCheck),
      { name: 'sessions', status: 'ok' as const, detail: `${sessions} open` },
    ],
    uptimeMs: Math.round(uptimeMs),
  };
}

function runtimeCheck({ id, available, reason, version, weaknesses = [] }: RuntimeInfo): HealthResult['checks'][number] {
  const name = `runtime.${id}`;
  const open = available ? weaknesses.filter(({ state }) => state === 'open') : [];
  if (open.length > 0) return { name, status: 'degraded', detail: open.map(inWords).join('; ') };
  const detail = reason ?? version;
  return { name, status: available ? 'ok' : 'off', ...(detail === undefined ? {} : { detail }) };
}

const inWords = ({ component, version, allows, id, fixedIn }: Weakness) => `${component} ${version} ${allows} (${id}); update it to ${fixedIn.join(', ')} or later`;
