/** The hosts to which secrets of the configuration are bound. */
import { covers, formatTarget, parseAuthority, parseRule } from '../network/hosts.ts';
import { type Config, invalidParam, type Network, type SecretSource } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';

const HTTPS = 443;
/** Headers that say where a request goes or where it ends, or that are about a connection alone. */
const taken = /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

/** What is wrong with them. */
export function boundIssues(secrets: Config['secrets'] = {}): Issue[] {
  return Object.entries(secrets).flatMap(([name, { hosts = [], header = '' }]) => [
    ...hosts.flatMap((text, at) => {
      const target = parseAuthority(text, HTTPS);
      return target && target.address === undefined ? [] : [{ path: `secrets.${name}.hosts.${at}`, message: 'must be a name, with or without a port, such as api.example.com:443' }];
    }),
    ...(taken.test(header) ? [{ path: `secrets.${name}.header`, message: `cannot be ${header}, which says how a request is sent` }] : []),
  ]);
}

/** The places, as `formatTarget` writes them. Empty: it is bound to none. */
export function boundPlaces({ hosts = [] }: SecretSource): string[] {
  return hosts.flatMap((text) => parseAuthority(text, HTTPS) ?? []).map(formatTarget);
}

/** @throws ProtocolError InvalidParams where a secret is bound to a host that is not in the session's network, or two to the same header of a host */
export function requireReach(names: readonly string[] = [], configured: Readonly<Record<string, SecretSource>>, { mode, hosts = [] }: Network): void {
  const rules = hosts.map(parseRule).filter((rule) => typeof rule !== 'string');
  const reaches = (place: string) => mode === 'full' || rules.some((rule) => covers(rule, parseAuthority(place) ?? { host: '', address: undefined, port: 0 }));
  const headers = new Map<string, string>();
  for (const [at, name] of names.entries()) {
    const source = Object.hasOwn(configured, name) ? configured[name] : undefined;
    for (const place of source ? boundPlaces(source) : []) {
      if (!reaches(place)) throw invalidParam(`secretNames.${at}`, `the secret ${name} is bound to ${place}, which this session does not reach; add ${place} to the hosts of its network (codebeaker run --allow ${place})`);
      const key = `${source?.header?.toLowerCase()} ${place}`;
      const other = headers.get(key);
      if (other !== undefined) throw invalidParam(`secretNames.${at}`, `the secrets ${other} and ${name} are bound to the same header ${source?.header} of ${place}; name one of them`);
      headers.set(key, name);
    }
  }
}
