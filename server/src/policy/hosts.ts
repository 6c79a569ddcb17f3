/** Lists of hosts, as a configuration and a client write them. */
import { parseRule, type Rule } from '../network/hosts.ts';
import { ProtocolError } from '../protocol/index.ts';
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
  return hosts.map(parseRule).filter((rule) => typeof rule !== 'string');
}
