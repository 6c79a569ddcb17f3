/** Known weaknesses as people read them: the worst first, and only a few. */
import type { Severity } from '../../protocol/index.ts';
import type { Advisory } from '../ports.ts';

/** So many are named. */
const MAX_NAMED = 5;
const worstFirst: readonly Severity[] = ['critical', 'high', 'moderate', 'unknown', 'low'];

export function weaknessesIn(advisories: readonly Advisory[]): string {
  const sorted = [...advisories].sort((a, b) => worstFirst.indexOf(a.severity) - worstFirst.indexOf(b.severity));
  const named = sorted.slice(0, MAX_NAMED).map(({ package: name, version, id, severity }) => `${name}${version === undefined ? '' : ` ${version}`} (${id}, ${severity})`);
  const more = sorted.length > MAX_NAMED ? ` and ${sorted.length - MAX_NAMED} more` : '';
  // Whoever made a registry or a package has chosen the names.
  return `${named.join(', ')}${more}`.replaceAll(/[^\x20-\x7e]/g, '?');
}
