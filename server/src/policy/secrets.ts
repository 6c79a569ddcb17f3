/** The hosts to which secrets of the configuration are bound. */
import { formatTarget, parseAuthority } from '../network/hosts.ts';
import type { Config, SecretSource } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';

const HTTPS = 443;

/** What is wrong with them. */
export function boundIssues(secrets: Config['secrets'] = {}): Issue[] {
  return Object.entries(secrets).flatMap(([name, { hosts = [] }]) => hosts.flatMap((text, at) => {
    const target = parseAuthority(text, HTTPS);
    return target && target.address === undefined ? [] : [{ path: `secrets.${name}.hosts.${at}`, message: 'must be a name, with or without a port, such as api.example.com:443' }];
  }));
}

/** The places, as `formatTarget` writes them. Empty: it is bound to none. */
export function boundPlaces({ hosts = [] }: SecretSource): string[] {
  return hosts.flatMap((text) => parseAuthority(text, HTTPS) ?? []).map(formatTarget);
}
