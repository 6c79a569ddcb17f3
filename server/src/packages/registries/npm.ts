/** The registries with which npm is set up on this machine, read as npm reads them. */
import { posix } from 'node:path';
import { basic, bearer, folderOf } from './credentials.ts';
import { identityIn, identityOf } from './identity.ts';
import { readNpmrc, type Values } from './ini.ts';
import type { Machine, Registry, RegistrySet } from './registry.ts';
import { certificatesIn, certificatesOf } from '../../network/trust.ts';

const DEFAULT = 'https://registry.npmjs.org/';

export async function npmRegistries(machine: Machine): Promise<RegistrySet> {
  const values = await valuesOf(machine);
  const text = (name: string) => textOf(values.get(name));
  const notes: string[] = [];
  const take = (scope: string | undefined, address: string): Registry[] => {
    const place = folderOf(address);
    if (!place) notes.push(`npm is set up with a registry${scope === undefined ? '' : ` for ${scope}`} that is no address of a web server.`);
    return place ? [{ scope, url: place.url }] : [];
  };
  const main = text('registry') ?? DEFAULT;
  const scoped = [...values].flatMap(([name, value]) => {
    const scope = /^(@[^:/]+):registry$/.exec(name)?.[1];
    const address = textOf(value);
    return scope === undefined || address === undefined ? [] : take(scope, address);
  });
  const registries = [...take(undefined, main), ...scoped];
  const ca = values.get('ca');
  const insecure = values.get('strict-ssl') === false;
  return {
    manager: 'npm', registries, notes, variables: {},
    authorization: authorizationOf(values, main),
    certificates: async () => [...(await certificatesOf(machine, [text('cafile')])), ...certificatesIn([ca].flat().map((each) => String(each).replaceAll('\\n', '\n')).join('\n'))],
    identity: identityFor(values, registries, machine.read),
    insecure: (origin) => insecure && registries.some(({ url }) => new URL(url).origin === origin),
    proxy: ({ protocol, hostname }) => (isExcepted(text('noproxy'), hostname) ? undefined : protocol === 'https:' ? (text('https-proxy') ?? text('proxy')) : text('proxy')),
  };
}

/** What is set, the strongest last: npm's own file, the file of its prefix, the user's, and variables. */
async function valuesOf({ env, home, read, find }: Machine): Promise<Values> {
  const [node, program] = await Promise.all([find('node'), find('npm')]);
  const set = fromVariables(env);
  const prefix = textOf(set.get('prefix')) ?? env.PREFIX ?? (node && posix.join(env.DESTDIR ?? '/', posix.dirname(posix.dirname(node))));
  const own = program && posix.join(posix.dirname(program), '../npmrc');
  const files: Values[] = [];
  const load = async (path: string | undefined) => void files.push(readNpmrc((path && (await read(path))) || '', env));
  const named = (name: string) => textOf([set, ...[...files].reverse()].find((values) => values.has(name))?.get(name));
  await load(own);
  await load(named('userconfig') ?? `${home}/.npmrc`);
  await load(named('globalconfig') ?? (prefix && posix.join(prefix, 'etc/npmrc')));
  const [builtin = [], user = [], global = []] = files;
  return new Map([...builtin, ...global, ...user, ...set]);
}

function fromVariables(env: Machine['env']): Values {
  const values: Values = new Map();
  for (const [variable, value] of Object.entries(env)) {
    const name = /^npm_config_(.+)$/i.exec(variable)?.[1];
    if (name === undefined || !value) continue;
    const read = value === 'true' ? true : value === 'false' ? false : value;
    values.set(name.startsWith('//') ? name : name.replaceAll(/(?!^)_/g, '-').toLowerCase(), read);
  }
  return values;
}

function textOf(value: ReturnType<Values['get']>): string | undefined {
  return typeof value === 'string' && value !== '' && value !== 'null' ? value : undefined;
}

/** Credentials are for a host and a path, such as //registry.example/team/, and everything below it. */
function authorizationOf(values: Values, main: string): RegistrySet['authorization'] {
  const known = new Map<string, string>();
  const at = (prefix: string) => {
    const [token, both, username, password] = ['_authToken', '_auth', 'username', '_password'].map((name) => textOf(values.get(prefix + name)));
    if (token) return bearer(token);
    if (both) return `Basic ${both}`;
    return username && password ? basic(username, Buffer.from(password, 'base64').toString('utf8')) : undefined;
  };
  const remember = (place: string, authorization: string | undefined) => {
    if (authorization !== undefined && !known.has(place)) known.set(place, authorization);
  };
  for (const name of values.keys()) {
    const place = /^(\/\/.+):(?:_authToken|_auth|username|_password)$/.exec(name)?.[1];
    if (place !== undefined) remember(place, at(`${place}:`));
  }
  const registry = folderOf(main);
  // Before npm 9 credentials could be set without a place. They are for the registry.
  if (registry) remember(new URL(registry.url).href.replace(/^https?:/, ''), registry.authorization ?? at(''));
  return ({ host, pathname }) => {
    for (let place = `//${host}${pathname}`; place.length > 2; place = place.replace(/(?:[^/]+|\/)$/, '')) {
      const found = known.get(place);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Files are for a host. Texts without one, as before npm 9, are for all registries. */
function identityFor(values: Values, registries: readonly Registry[], read: Machine['read']): RegistrySet['identity'] {
  const files = identityOf(registries, ({ host }) => {
    const place = [...values.keys()].map((name) => /^(\/\/.+):certfile$/.exec(name)?.[1]).find((each) => each?.split('/')[2] === host);
    const [cert, key] = ['certfile', 'keyfile'].map((name) => textOf(values.get(`${place}:${name}`)));
    return cert !== undefined && key !== undefined ? { cert, key } : undefined;
  }, read);
  const [cert = '', key = ''] = ['cert', 'key'].map((name) => textOf(values.get(name))?.replaceAll('\\n', '\n'));
  const common = identityIn(cert, key);
  const isOurs = ({ origin }: URL) => registries.some(({ url }) => new URL(url).origin === origin);
  return async (url) => (await files(url)) ?? (isOurs(url) ? common : undefined);
}

function isExcepted(list: string | undefined, hostname: string): boolean {
  return (list ?? '').split(',').map((each) => each.trim().replace(/^\*?\./, '')).some((each) => each !== '' && (each === '*' || hostname === each || hostname.endsWith(`.${each}`)));
}
