/** The hosts to which secrets of the configuration are bound, and the sessions that may name such secrets. */
import { covers, formatTarget, rulesIn, type Target } from '../network/hosts.ts';
import { invalidParam, type Network, type SecretSource } from '../protocol/index.ts';
import { boundPlace } from './hosts.ts';

/** The places, as `formatTarget` writes them. Empty: it is bound to none. */
export function boundPlaces(source: SecretSource): string[] {
  return targetsOf(source).map(formatTarget);
}

function targetsOf({ hosts = [] }: SecretSource): Target[] {
  return hosts.flatMap((text) => boundPlace(text) ?? []);
}

/** @throws ProtocolError InvalidParams where a secret is bound to a host that is not in the session's network, or two to the same header of a host */
export function requireReach(names: readonly string[] = [], configured: Readonly<Record<string, SecretSource>>, { mode, hosts = [] }: Network): void {
  const rules = rulesIn(hosts);
  const reaches = (target: Target) => mode === 'full' || rules.some((rule) => covers(rule, target));
  const headers = new Map<string, string>();
  for (const [at, name] of names.entries()) {
    const source = Object.hasOwn(configured, name) ? configured[name] : undefined;
    for (const target of source ? targetsOf(source) : []) {
      const place = formatTarget(target);
      if (!reaches(target)) throw invalidParam(`secretNames.${at}`, `the secret ${name} is bound to ${place}, which this session does not reach; add ${place} to the hosts of its network (codebeaker run --allow ${place})`);
      const key = `${source?.header?.toLowerCase()} ${place}`;
      const other = headers.get(key);
      if (other !== undefined) throw invalidParam(`secretNames.${at}`, `the secrets ${other} and ${name} are bound to the same header ${source?.header} of ${place}; name one of them`);
      headers.set(key, name);
    }
  }
}
