/** What a session may reach: what it asks for, if the policy allows that. */
import { contains, formatRule, type Rule } from '../network/hosts.ts';
import type { Network } from '../protocol/index.ts';
import { parseHosts } from './hosts.ts';
import { denied, fileFor, type Policy, saidBy } from './policy.ts';

/**
 * The network of a session, with its hosts in their one form. `asks`: whether a person can be asked about hosts that are not
 * in the list; where nobody can, an empty list is no network at all.
 * @throws ProtocolError PolicyDenied, InvalidParams
 */
export function resolveNetwork(policy: Policy, { mode, hosts = [] }: Network = { mode: 'none' }, asks = false): Network {
  if (mode === 'none') return { mode };
  const rules = parseHosts(hosts, 'network.hosts');
  if (mode === 'allowlist' && rules.length === 0 && !asks) return { mode: 'none' };
  checkNetwork(policy, mode);
  for (const rule of rules) checkHost(policy, rule);
  return mode === 'full' && rules.length === 0 ? { mode } : { mode, hosts: rules.map(formatRule) };
}

/** @throws ProtocolError PolicyDenied */
export function checkNetwork(policy: Policy, mode: Network['mode']): void {
  const { networkModes } = policy;
  if (mode === 'none' || networkModes.includes(mode)) return;
  const allowed = [...new Set(['none', ...networkModes])];
  throw denied('network', `the network mode ${mode} is not allowed here; allowed: ${allowed.join(', ')}. To allow it, write {"network": {"modes": ${JSON.stringify([...allowed.slice(1), mode])}}} into ${fileFor(policy, `network.modes.${mode}`)}`, saidBy(policy, `network.modes.${mode}`));
}

function checkHost(policy: Policy, rule: Rule): void {
  const { hostLists } = policy;
  const at = hostLists.findIndex((rules) => !rules.some((outer) => contains(outer, rule)));
  const list = hostLists[at];
  if (!list) return;
  throw denied('network', `${formatRule(rule)} is not allowed here; allowed: ${list.map(formatRule).join(', ') || 'no host'}. To allow it, add it to network.hosts in ${fileFor(policy, `network.hosts.${at}`)}`, { rule: 'network.hosts', ...saidBy(policy, `network.hosts.${at}`) });
}
