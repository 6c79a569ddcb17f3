/** Lists of hosts, as a configuration and a client write them. */
import { parseAuthority, parseRule, type Rule, rulesIn, type Target } from '../network/hosts.ts';
import { type Config, ProtocolError } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';

/** What is wrong with the list. `at` is its path. */
export function hostIssues(hosts: readonly string[] = [], at: string): Issue[] {
  return hosts.flatMap((text, index) => {
    const parsed = parseRule(text);
    return typeof parsed === 'string' ? [{ path: `${at}.${index}`, message: `${JSON.stringify(text.slice(0, 100))} ${parsed}` }] : [];
  });
}

/** @throws ProtocolError InvalidParams */
export function parseHosts(hosts: readonly string[], at: string): Rule[] {
  const issues = hostIssues(hosts, at);
  if (issues.length > 0) throw new ProtocolError('InvalidParams', issues.map(({ path, message }) => `${path}: ${message}`).join('; '), { issues });
  return rulesIn(hosts);
}

const HTTPS = 443;
/** Headers that say where a request goes or where it ends, or that are about a connection alone. */
const ofSending = /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

/** A place to which a secret can be bound: a name, with or without a port. */
export function boundPlace(text: string): Target | undefined {
  const target = parseAuthority(text, HTTPS);
  return target?.address === undefined ? target : undefined;
}

/** What is wrong with the hosts and headers to which secrets are bound. */
export function boundIssues(secrets: Config['secrets'] = {}): Issue[] {
  return Object.entries(secrets).flatMap(([name, { hosts = [], header = '' }]) => [
    ...hosts.flatMap((text, at) => (boundPlace(text) ? [] : [{ path: `secrets.${name}.hosts.${at}`, message: 'must be a name, with or without a port, such as api.example.com:443' }])),
    ...(ofSending.test(header) ? [{ path: `secrets.${name}.header`, message: `cannot be ${header}, which says how a request is sent` }] : []),
  ]);
}
