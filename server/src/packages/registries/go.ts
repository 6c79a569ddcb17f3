/** The proxies of modules with which go is set up on this machine, read as go reads them. */
import { posix } from 'node:path';
import { ByOrigin, folderOf } from './credentials.ts';
import { netrcOf } from './netrc.ts';
import type { Machine, Registry, RegistrySet } from './registry.ts';
import { certificatesOf } from '../../network/trust.ts';

/** The databases that go knows by their names alone. */
const databases: Readonly<Record<string, { name: string; url: string }>> = {
  'sum.golang.org': { name: 'sum.golang.org', url: 'https://sum.golang.org/' },
  'sum.golang.google.cn': { name: 'sum.golang.org', url: 'https://sum.golang.google.cn/' },
};

export async function goRegistries(machine: Machine): Promise<RegistrySet> {
  const variable = await variablesOf(machine);
  const [notes, registries, known] = [[] as string[], [] as Registry[], new ByOrigin()];
  let separator = ',';
  for (const [, entry = '', next] of variable('GOPROXY').matchAll(/\s*([^,|]+)([,|]?)/g)) {
    const place = folderOf(entry);
    if (entry.trim() === 'off') break;
    if (place) {
      known.add(place.url, place.authorization);
      registries.push({ scope: separator === '|' ? '|' : undefined, url: place.url });
    } else if (entry.trim() === 'direct') {
      notes.push('A sandbox has Go modules only from a proxy of modules; what no proxy has is not fetched from where it is developed.');
    } else if (entry.trim() !== '') {
      notes.push('go is set up with modules that lie on this machine (GOPROXY), which a sandbox does not see.');
    }
    separator = next === '' ? separator : (next ?? separator);
  }
  const [netrc, none, sumdb] = [await netrcOf(machine), variable('GONOPROXY') || variable('GOPRIVATE'), variable('GOSUMDB')];
  const isOurs = ({ origin }: URL) => registries.some(({ url }) => new URL(url).origin === origin);
  if (none !== '' && none !== 'none') notes.push('Modules that go fetches from where they are developed on this machine (GOPRIVATE, GONOPROXY) can not be had in a sandbox.');
  return {
    manager: 'go', registries, notes: [...new Set(notes)],
    sumdb: databaseOf(sumdb),
    variables: { GOSUMDB: sumdb.split(' ')[0] ?? 'off', GONOSUMDB: variable('GONOSUMDB') || variable('GOPRIVATE'), GONOPROXY: none },
    authorization: (url) => known.get(url) ?? (isOurs(url) ? netrc(url) : undefined),
    certificates: () => certificatesOf(machine),
    insecure: () => false,
    proxy: () => undefined,
  };
}

/** A variable of the environment comes before one that `go env -w` has written, and that before those of the installation. */
async function variablesOf({ env, home, platform, read, find }: Machine): Promise<(name: string) => string> {
  const folder = env.XDG_CONFIG_HOME || (platform === 'darwin' ? `${home}/Library/Application Support` : `${home}/.config`);
  const program = await find('go');
  const written = env.GOENV === 'off' ? '' : await read(env.GOENV || `${folder}/go/env`);
  const installed = program && (await read(posix.join(posix.dirname(posix.dirname(program)), 'go.env')));
  const values = new Map(Object.entries({ GOPROXY: 'https://proxy.golang.org,direct', GOSUMDB: 'sum.golang.org' }));
  for (const line of `${installed ?? ''}\n${written ?? ''}`.split(/\r?\n/)) {
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, (value ?? '').trim());
  }
  return (name) => env[name] || (values.get(name) ?? '');
}

/** GOSUMDB is `off`, a name, a name with a key, or that with an address. */
function databaseOf(setting: string): RegistrySet['sumdb'] {
  const [key = '', address] = setting.trim().split(/\s+/);
  if (key === 'off' || key === '') return undefined;
  const name = key.split('+')[0] ?? '';
  const url = address === undefined ? (databases[name]?.url ?? `https://${name}/`) : folderOf(address)?.url;
  return url === undefined || !/^[\w.-]+(?:\/[\w./-]*)?$/.test(name) ? undefined : { name: databases[key]?.name ?? name, url };
}
