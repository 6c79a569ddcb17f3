/** Reads .netrc: who one is at which host. */
import { basic } from './credentials.ts';
import type { Machine } from './registry.ts';

/** Host → the value of `Authorization`; the key of `default` is the empty text. */
export function readNetrc(text: string): Map<string, string> {
  const words = tokens(text);
  const known = new Map<string, string>();
  let at = 0;
  const next = () => words[at++];
  for (let word = next(); word !== undefined; word = next()) {
    if (word !== 'machine' && word !== 'default') continue;
    const host = word === 'machine' ? (next() ?? '') : '';
    const found: Record<string, string> = {};
    while (['login', 'user', 'account', 'password'].includes(words[at] ?? '')) found[next() ?? ''] = next() ?? '';
    const { login = found.user ?? '', password } = found;
    if (password !== undefined && !known.has(host)) known.set(host, basic(login, password));
  }
  return known;
}

/** Words may be quoted. A macro lasts until the next empty line. */
function tokens(text: string): string[] {
  const bare = text.replaceAll(/^[ \t]*macdef[^]*?(?:\n[ \t]*\n|$(?![^]))/gm, '\n');
  const lines = bare.split(/\r?\n/).filter((line) => !/^\s*#/.test(line));
  return (lines.join('\n').match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word));
}

export async function netrcOf({ env, home, read }: Machine): Promise<(url: URL) => string | undefined> {
  const text = env.NETRC ? await read(env.NETRC) : ((await read(`${home}/.netrc`)) ?? (await read(`${home}/_netrc`)));
  const known = readNetrc(text ?? '');
  return ({ hostname }) => known.get(hostname) ?? known.get('');
}
