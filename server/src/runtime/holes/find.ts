/** Which holes are known in the versions that were found, and what they make of a runtime's isolation. */
import type { Isolation, Weakness } from '../../protocol/index.ts';
import { compareVersions } from '../versions.ts';
import { type Component, type Hole, holes } from './table.ts';

/**
 * A version that a distribution has changed, which its suffix tells, may have been mended without another number. A version
 * that can't be read has no known holes.
 */
export function weaknessesOf(component: Component, version: string, table: readonly Hole[] = holes): Weakness[] {
  if (!/^v?\d+\./.test(version)) return [];
  const found = table.filter((hole) => hole.component === component && hole.broken.some((range) => isIn(version, range)));
  return found.map(({ id, allows, fixedIn, unreached, url }) => ({
    id, component, version, allows, fixedIn: [...fixedIn], url,
    state: unreached !== undefined ? 'unreached' : isOriginal(version) ? 'open' : 'unknown',
    ...(unreached !== undefined && { why: unreached }),
  }));
}

/** The same isolation, or less where a hole is open. */
export function weakened(isolation: Isolation, weaknesses: readonly Weakness[]): Isolation {
  const open = weaknesses.filter(({ state }) => state === 'open');
  if (open.length === 0) return isolation;
  const detail = open.map(({ component, version, id }) => `${component} ${version} has ${id}`).join('; ');
  return { score: Math.max(1, isolation.score - 1), layers: [...isolation.layers, { name: 'versions', state: 'degraded', detail }] };
}

function isIn(version: string, { from, below }: Hole['broken'][number]): boolean {
  return compareVersions(version, below) < 0 && (from === undefined || compareVersions(version, from) >= 0);
}

function isOriginal(version: string): boolean {
  return /^v?\d+(?:\.\d+)*(?:-(?:alpha|beta|rc)[.-]?\d+)?$/.test(version);
}
