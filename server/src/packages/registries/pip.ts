/** The indexes with which pip is set up on this machine, read as pip reads them. */
import { delimiter, posix } from 'node:path';
import { ByOrigin, folderOf, placeOf } from './credentials.ts';
import { readPythonIni } from './ini.ts';
import { identityOf } from './identity.ts';
import { netrcOf } from './netrc.ts';
import type { Machine, Registry, RegistrySet } from './registry.ts';
import { certificatesOf } from '../../network/trust.ts';
import { constraintFiles, readConstraints } from './pip-constraints.ts';

const DEFAULT = 'https://pypi.org/simple';

export async function pipRegistries(machine: Machine): Promise<RegistrySet> {
  const option = await optionsOf(machine);
  const [notes, registries, known] = [[] as string[], [] as Registry[], new ByOrigin()];
  const take = (scope: string | undefined, address: string, toPlace: typeof placeOf) => {
    const place = toPlace(address);
    if (!place) return void notes.push(`pip is set up with packages that lie on this machine (${scope === 'links' ? 'find-links' : 'an index'}), which a sandbox does not see.`);
    known.add(place.url, place.authorization);
    registries.push({ scope, url: place.url });
  };
  const words = (name: string) => (option(name) ?? '').split(/\s+/).filter(Boolean);
  if (isTrue(option('no-index'))) notes.push('pip is set up without any index (no-index).');
  else {
    take(undefined, option('index-url') ?? DEFAULT, folderOf);
    for (const address of words('extra-index-url')) take('extra', address, folderOf);
  }
  for (const address of words('find-links')) take('links', address, placeOf);
  const netrc = await netrcOf(machine);
  const trusted = words('trusted-host');
  const { files, others } = constraintFiles(words('constraint'));
  if (others) notes.push('pip is set up with constraints at an address, or at a path that is not absolute, which are not used.');
  return {
    manager: 'pip', registries, notes: [...new Set(notes)], variables: {},
    authorization: (url) => known.get(url) ?? (registries.some((each) => new URL(each.url).origin === url.origin) ? netrc(url) : undefined),
    certificates: () => certificatesOf(machine, [option('cert')]),
    insecure: (origin) => trusted.some((each) => [new URL(origin).hostname, new URL(origin).host].includes(each)),
    identity: identityOf(registries, () => one(option('client-cert')), machine.read),
    proxy: () => option('proxy'),
    constraints: () => readConstraints(files, machine.read),
  };
}

/** The value of an option: a variable comes before the section of `pip install`, and that before the global section. */
async function optionsOf(machine: Machine): Promise<(name: string) => string | undefined> {
  const { env, read } = machine;
  const values = new Map<string, string>();
  const named = env.PIP_CONFIG_FILE ? await read(env.PIP_CONFIG_FILE) : undefined;
  const paths = env.PIP_CONFIG_FILE === '/dev/null' ? [] : await filesOf(machine, named === undefined);
  for (const text of [...(await Promise.all(paths.map((path) => read(path)))), named]) {
    for (const [section, entries] of readPythonIni(text ?? '')) {
      for (const [name, value] of entries) values.set(`${section}.${name.replaceAll('_', '-')}`, value.trim());
    }
  }
  return (name) => [env[`PIP_${name.replaceAll('-', '_').toUpperCase()}`], values.get(`install.${name}`), values.get(`global.${name}`)].find(Boolean);
}

/** The files, the strongest last: everybody's, the user's (which a file that is named replaces), and those of the environment or the Python. */
async function filesOf({ env, home, platform, find }: Machine, withUser: boolean): Promise<string[]> {
  const mac = platform === 'darwin';
  const everybody = mac ? ['/Library/Application Support/pip'] : [...(env.XDG_CONFIG_DIRS || '/etc/xdg').split(delimiter).map((path) => posix.join(path, 'pip')), '/etc'];
  const user = [`${home}/.pip`, `${env.XDG_CONFIG_HOME || `${home}/.config`}/pip`, ...(mac ? [`${home}/Library/Application Support/pip`] : [])];
  const python = env.VIRTUAL_ENV ? undefined : await find('python3');
  const site = env.VIRTUAL_ENV || (python && posix.dirname(posix.dirname(python)));
  return [...everybody, ...(withUser ? user : []), ...(site ? [site] : [])].map((folder) => posix.join(folder, 'pip.conf'));
}

/** The certificate and its key are in the same file. */
const one = (path: string | undefined) => (path === undefined ? undefined : { cert: path, key: path });

function isTrue(value: string | undefined): boolean {
  return /^(?:1|y|yes|t|true|on)$/i.test(value ?? '');
}
