/** The sources with which gem and Bundler are set up on this machine, read as they read them. */
import { delimiter } from 'node:path';
import { basic, ByOrigin, folderOf } from './credentials.ts';
import { identityOf } from './identity.ts';
import { netrcOf } from './netrc.ts';
import type { Machine, Registry, RegistrySet } from './registry.ts';
import { certificatesOf } from '../../network/trust.ts';
import { readFlatYaml } from './yaml.ts';

const DEFAULT = 'https://rubygems.org/';

export async function gemRegistries(machine: Machine): Promise<RegistrySet> {
  const [gemrc, bundle] = await Promise.all([gemrcOf(machine), bundleOf(machine)]);
  const [notes, registries, known] = [[] as string[], [] as Registry[], new ByOrigin()];
  const take = (scope: string | undefined, address: string) => {
    const place = folderOf(address);
    if (!place) return void notes.push('gem is set up with a source that is no address of a web server, which a sandbox does not see.');
    known.add(place.url, place.authorization ?? credentialsIn(bundle, new URL(place.url)));
    registries.push({ scope, url: place.url });
  };
  const sources = [gemrc.get('sources') ?? DEFAULT].flat();
  for (const source of sources) take(undefined, source);
  for (const [name, value] of bundle) {
    const from = /^mirror\.(.+?)(?:\.fallback-timeout)?\/?$/.exec(name)?.[1];
    if (from === undefined || name.includes('.fallback-timeout')) continue;
    take(from === 'all' ? 'all' : (folderOf(from)?.url ?? from), value);
  }
  // A Gemfile says rubygems.org and means what this machine has instead.
  const first = registries[0]?.url;
  if (first !== undefined && !registries.some(({ scope, url }) => scope === 'all' || (scope ?? url) === DEFAULT)) registries.push({ scope: DEFAULT, url: first });
  const netrc = await netrcOf(machine);
  const text = (name: string) => [gemrc.get(name)].flat()[0];
  const unverified = [text('ssl_verify_mode') === '0', bundle.get('ssl-verify-mode') === '0'].some(Boolean);
  const client = bundle.get('ssl-client-cert') ?? text('ssl_client_cert');
  const isOurs = ({ origin }: URL) => registries.some(({ url }) => new URL(url).origin === origin);
  return {
    manager: 'gem', registries, notes: [...new Set(notes)], variables: {},
    authorization: (url) => known.get(url) ?? (isOurs(url) ? netrc(url) : undefined),
    certificates: () => certificatesOf(machine, [text('ssl_ca_cert'), bundle.get('ssl-ca-cert')]),
    insecure: (origin) => unverified && isOurs(new URL(origin)),
    identity: identityOf(registries, () => (client ? { cert: client, key: client } : undefined), machine.read),
    proxy: () => undefined,
  };
}

/** The strongest last: everybody's, the user's, and those that GEMRC names. */
async function gemrcOf({ env, home, read }: Machine): Promise<Map<string, string | string[]>> {
  const user = (await read(`${home}/.gemrc`)) ?? (await read(`${env.XDG_CONFIG_HOME || `${home}/.config`}/gem/gemrc`));
  const named = await Promise.all((env.GEMRC ?? '').split(delimiter).filter(Boolean).map((path) => read(path)));
  return new Map([await read('/etc/gemrc'), user, ...named].flatMap((text) => [...readFlatYaml(text ?? '')]));
}

/** Bundler's settings, by their names as `bundle config` shows them. A variable comes before the user's file. */
async function bundleOf({ env, home, read }: Machine): Promise<Map<string, string>> {
  const path = env.BUNDLE_CONFIG || env.BUNDLE_USER_CONFIG || (env.BUNDLE_USER_HOME ? `${env.BUNDLE_USER_HOME}/config` : `${home}/.bundle/config`);
  const written = [...readFlatYaml((await read(path)) ?? '')];
  const set = Object.entries(env).filter(([name]) => name.startsWith('BUNDLE_'));
  const settings = new Map<string, string>();
  for (const [name, value] of [...written, ...set]) {
    if (typeof value === 'string' && name.startsWith('BUNDLE_')) settings.set(nameOf(name), value);
  }
  return settings;
}

function nameOf(variable: string): string {
  return variable.slice('BUNDLE_'.length).toLowerCase().replaceAll('___', '-').replaceAll('__', '.');
}

/** Such as `gems.example: user:password`. */
function credentialsIn(settings: ReadonlyMap<string, string>, url: URL): string | undefined {
  const value = settings.get(url.href) ?? settings.get(url.href.replace(/\/$/, '')) ?? settings.get(url.hostname);
  if (value === undefined) return undefined;
  const [username = '', ...password] = value.split(':');
  return basic(decodeURI(username), decodeURI(password.join(':')));
}
