/** The registries that CodeBeaker's own configuration names instead of those of this machine. */
import type { PackagesConfig } from '../../protocol/index.ts';
import type { ManagerId } from '../ports.ts';
import { basic, bearer, folderOf } from './credentials.ts';
import type { Registry, RegistrySet } from './registry.ts';

export type Configured = NonNullable<PackagesConfig['registries']>;
type Named = NonNullable<Configured['pip']>;

/** `machine` is what this machine is set up with; its certificates count, too. */
export function configuredSet(manager: ManagerId, configured: Configured, machine: RegistrySet): RegistrySet {
  const own = configured[manager];
  if (!own) return machine;
  const scopes = Object.entries((manager === 'npm' && configured.npm?.scopes) || {});
  const named: (readonly [string | undefined, Named])[] = [[undefined, own], ...scopes];
  const places = named.flatMap(([scope, each]) => {
    const place = folderOf(each.url);
    return place ? [{ scope, url: place.url, authorization: secretOf(each) ?? place.authorization }] : [];
  });
  const registries: Registry[] = places.map(({ scope, url }) => ({ scope, url }));
  // Whatever a Gemfile names is had from here.
  if (manager === 'gem' && registries[0]) registries.push({ scope: 'all', url: registries[0].url });
  // npm's registries can share an origin, and then each of them has what is below its own path. Other managers have files elsewhere at the origin.
  const holds = (url: URL, place: string) => (manager === 'npm' ? url.href.startsWith(place) : url.origin === new URL(place).origin);
  return {
    ...machine, registries, notes: [],
    authorization: (url) => places.find((place) => place.authorization !== undefined && holds(url, place.url))?.authorization,
    identity: () => Promise.resolve(undefined),
    insecure: () => false,
    proxy: () => undefined,
  };
}

function secretOf({ token, username, password }: Named): string | undefined {
  if (token !== undefined) return bearer(token);
  return username === undefined && password === undefined ? undefined : basic(username ?? '', password ?? '');
}
