/** What a configuration must keep to beyond its types: sandboxes need a little, no limit is above its maximum, hosts are written in their grammar, what is installed ahead is named, and rates name methods. */
import { type Config, type Limits, type PartialLimits, ProtocolError } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';
import { defaultMaxLimits } from './defaults.ts';
import { boundIssues, hostIssues } from './hosts.ts';
import { rateIssues } from './rates.ts';

const MiB = 1024 * 1024;

/** With less no sandbox can be made, or no program can run in it. */
export const least: PartialLimits = { memoryBytes: 8 * MiB, cpus: 0.01, pids: 8, diskBytes: MiB, packageBytes: MiB };

export function outOfBounds(config: Config): Issue[] {
  const { limits = {}, maxLimits = {}, network, packages, secrets } = config;
  const most = { ...defaultMaxLimits, ...maxLimits };
  return [
    ...Object.entries({ limits, maxLimits }).flatMap(([key, numbers]) => tooSmall(key, numbers)),
    ...hostIssues(network?.hosts, 'network.hosts'),
    ...boundIssues(secrets),
    ...rateIssues(config),
    ...(packages?.ahead ?? []).flatMap(({ names = [], manifest }, index) => (names.length > 0 || manifest !== undefined ? [] : [{ path: `packages.ahead.${index}`, message: 'must have names or a manifest' }])),
    ...entriesOf(limits).flatMap(([name, value]) => {
      const highest = most[name];
      if (name === 'timeoutMs' ? highest === 0 || (value !== 0 && value <= highest) : value <= highest) return [];
      return { path: `limits.${name}`, message: `must be at most ${highest}, which is maxLimits.${name}, not ${value}` };
    }),
  ];
}

/** What a client asks for that must keep to bounds. */
type Asked = Pick<Config, 'limits' | 'maxLimits' | 'rates'> & { readonly network?: { readonly hosts?: readonly string[] | undefined } | undefined };

/** @throws ProtocolError InvalidParams where a client asks for so little that nothing could run, or for hosts that are none. `at`: where the members stand in its params */
export function requireSense(asked: Asked, at = ''): void {
  const { limits = {}, maxLimits = {}, network } = asked;
  const issues = [
    ...Object.entries({ limits, maxLimits }).flatMap(([key, numbers]) => tooSmall(`${at}${key}`, numbers)),
    ...hostIssues(network?.hosts, `${at}network.hosts`),
    ...rateIssues(asked, at),
  ];
  if (issues.length === 0) return;
  throw new ProtocolError('InvalidParams', issues.map(({ path, message }) => `${path}: ${message}`).join('; '), { issues });
}

function tooSmall(key: string, numbers: PartialLimits): Issue[] {
  return entriesOf(numbers).flatMap(([name, value]) => {
    const lowest = least[name] ?? 0;
    return value >= lowest ? [] : [{ path: `${key}.${name}`, message: `must be at least ${lowest}, not ${value}` }];
  });
}

function entriesOf(limits: PartialLimits): [keyof Limits, number][] {
  return Object.entries(limits) as [keyof Limits, number][];
}
