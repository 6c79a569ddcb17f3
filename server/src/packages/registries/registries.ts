/** The registries of a manager: from the configuration, or as this machine's own manager is set up. */
import type { Log } from '../../base/log.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { ManagerId, Registries } from '../ports.ts';
import type { MirrorBounds } from './bounds.ts';
import { type Configured, configuredSet } from './configured.ts';
import { folderOf } from './credentials.ts';
import { gemRegistries } from './gem.ts';
import { goRegistries } from './go.ts';
import { openMirrors } from './mirrors.ts';
import { npmRegistries } from './npm.ts';
import { pipRegistries } from './pip.ts';
import type { Machine, RegistrySet } from './registry.ts';
import type { Dial } from './upstream.ts';

const readers: Readonly<Record<ManagerId, (machine: Machine) => Promise<RegistrySet>>> = {
  npm: npmRegistries, pip: pipRegistries, gem: gemRegistries, go: goRegistries,
};

export interface RegistriesParts {
  readonly machine: Machine;
  readonly configured: Configured;
  /**
   * Makes what connects to the registries of a set. Addresses that are not public are reached only where the set names
   * their host itself (`namedHosts`), and by the proxy that the set has, else by the one of this machine.
   */
  readonly dialler: (set: RegistrySet) => Dial;
  readonly bounds: MirrorBounds;
  readonly log: Log;
}

export function createRegistries({ machine, configured, dialler, bounds, log }: RegistriesParts): Registries {
  return {
    open: async (manager, registry) => {
      const set = chosen(configuredSet(manager, configured, await readers[manager](machine)), registry);
      if (set.registries.length === 0) {
        throw new ProtocolError('PackageInstallFailed', [`${manager} has no registry on this machine that can be reached from a sandbox.`, ...set.notes, 'The key packages.registries of the configuration can name one.'].join(' '));
      }
      return openMirrors(set, { dial: dialler(set), bounds, log: log.child('mirror'), constraints: await set.constraints?.() });
    },
  };
}

/** A client may choose among the registries that are set up. @throws ProtocolError PolicyDenied */
function chosen(set: RegistrySet, registry: string | undefined): RegistrySet {
  if (registry === undefined) return set;
  const wanted = folderOf(registry)?.url;
  const found = set.registries.find(({ url }) => url === wanted);
  if (!found) throw new ProtocolError('PolicyDenied', 'registry: it is none of the registries with which the package manager is set up on this machine. The key packages.registries of the configuration can name it.');
  return { ...set, registries: [{ scope: undefined, url: found.url }] };
}
