/** What is allowed of packages, and where they come from. Only the configuration file says so. */
import type { Config, PackagesAhead, PackagesConfig } from '../protocol/index.ts';

/** Whether `codebeaker run` installs the packages of a manifest. */
export type PackagesMode = NonNullable<PackagesConfig['run']>;

export interface PackagesPolicy {
  /** Whether `codebeaker run` installs the packages of a manifest. */
  readonly run: PackagesMode;
  /** The most that everything on the shelf may take. */
  readonly cacheBytes: number;
  /** From this severity on, packages with a known weakness are not installed. undefined: they are. */
  readonly block: PackagesConfig['block'];
  /** The address of the service that is asked for known weaknesses. undefined: nobody is asked. */
  readonly advisories: PackagesConfig['advisories'];
  /** The registries in place of those of this machine. */
  readonly registries: PackagesConfig['registries'];
  /** What is installed before anybody asks for it. */
  readonly ahead: readonly PackagesAhead[];
}

const DEFAULT_CACHE_BYTES = 5 * 2 ** 30;

export function packagesPolicy({ packages = {} }: Config): PackagesPolicy {
  return { run: packages.run ?? 'auto', cacheBytes: packages.cacheBytes ?? DEFAULT_CACHE_BYTES, block: packages.block, advisories: packages.advisories, registries: packages.registries, ahead: packages.ahead ?? [] };
}
