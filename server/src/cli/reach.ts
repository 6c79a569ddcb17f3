/** What the command line says a program may reach: --network and --allow. */
import { parseRule } from '../network/hosts.ts';
import type { Config, Network } from '../protocol/index.ts';
import { UsageError } from './quantities.ts';

export interface Reaching {
  readonly network: Network;
  /** Whether the person is asked about hosts that are not allowed; undefined: where there is a terminal to ask on. */
  readonly ask: boolean | undefined;
}

/** The values of --network. `ask` is an allowlist that begins with the hosts of --allow. */
const modes = ['none', 'ask', 'full'] as const;

/** Without either option a program reaches nothing. @throws UsageError */
export function reaching(given: string | undefined, hosts: readonly string[] = []): Reaching {
  const mode = modes.find((each) => each === given);
  if (given !== undefined && !mode) throw new UsageError(`--network: one of ${modes.join(', ')}; for some hosts alone, --allow HOST`);
  if (mode === 'none' && hosts.length > 0) throw new UsageError('only one of --network none and --allow can be given');
  for (const host of hosts) {
    const parsed = parseRule(host);
    if (typeof parsed === 'string') throw new UsageError(`--allow ${host}: it ${parsed}`);
  }
  if (mode === 'full') return { network: { mode: 'full', ...(hosts.length > 0 && { hosts: [...hosts] }) }, ask: false };
  if (mode === 'ask' || hosts.length > 0) return { network: { mode: 'allowlist', hosts: [...hosts] }, ask: mode === 'ask' ? true : undefined };
  return { network: { mode: 'none' }, ask: false };
}

/** The modes that the sessions of a daemon may ask for, by its own --network. @throws UsageError */
export function modesFor(given: string | undefined): Network['mode'][] {
  const { network: { mode } } = reaching(given);
  if (mode === 'none') return [];
  return mode === 'full' ? ['allowlist', 'full'] : ['allowlist'];
}

/** What a person types counts as their configuration where that says nothing of network modes. */
export function withTyped(config: Config, modes: readonly Network['mode'][]): Config {
  if (modes.length === 0 || config.network?.modes) return config;
  return { ...config, network: { ...config.network, modes: [...modes] } };
}
