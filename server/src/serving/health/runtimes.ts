/** Checks the runtimes: which are there, which have an open hole, and which are missed. */
import type { HealthResult, RuntimeInfo, Weakness } from '../../protocol/index.ts';

export type Check = HealthResult['checks'][number];

/** `missed`: whether the runtime is configured or was used, so that it should be there. */
export function runtimeCheck({ id, available, reason, version, weaknesses = [] }: RuntimeInfo, missed: boolean): Check {
  const name = `runtime.${id}`;
  if (!available && missed) return { name, status: 'degraded', detail: `it is configured or was used, and is not available: ${reason ?? 'it has not been looked for yet'}` };
  const open = available ? weaknesses.filter(({ state }) => state === 'open') : [];
  if (open.length > 0) return { name, status: 'degraded', detail: open.map(inWords).join('; ') };
  const detail = reason ?? version;
  return { name, status: available ? 'ok' : 'off', ...(detail === undefined ? {} : { detail }) };
}

const inWords = ({ component, version, allows, id, fixedIn }: Weakness) => `${component} ${version} ${allows} (${id}); update it to ${fixedIn.join(', ')} or later`;
