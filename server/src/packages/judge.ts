/** Whether packages with known weaknesses are kept. */
import { ProtocolError, type Severity } from '../protocol/index.ts';
import type { Advisory } from './ports.ts';

/** From the least to the worst. What nobody has rated may be anything, and is taken for the middle. */
const ranks: Readonly<Record<Severity, number>> = { low: 0, moderate: 1, unknown: 1, high: 2, critical: 3 };
/** So many are named in the message. */
const MAX_NAMED = 5;

/** `block`: from this severity on. The result throws PolicyDenied. undefined: everything is kept. */
export function judgeBy(block: Exclude<Severity, 'unknown'> | undefined): ((advisories: readonly Advisory[]) => void) | undefined {
  if (block === undefined) return undefined;
  return (advisories) => {
    const bad = advisories.filter(({ severity }) => ranks[severity] >= ranks[block]);
    if (bad.length === 0) return;
    const named = bad.slice(0, MAX_NAMED).map(({ package: name, version, id, severity }) => `${name}${version === undefined ? '' : ` ${version}`} (${id}, ${severity})`);
    const more = bad.length > MAX_NAMED ? ` and ${bad.length - MAX_NAMED} more` : '';
    throw new ProtocolError('PolicyDenied', `nothing was installed, because of known weaknesses: ${named.join(', ')}${more}; ask for versions without them, or change packages.block in the configuration file`, {
      policy: 'packages', rule: 'packages.block', advisories: bad.slice(0, 100),
    });
  };
}
