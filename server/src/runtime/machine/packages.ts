/** What of the packages on this machine is mounted in a sandbox. */
import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { Sequence } from '../../base/promises.ts';
import type { Undo } from '../../base/undo.ts';
import { MODULES, type PackagePlace, SHELF } from '../packages.ts';
import { removeIfThere } from './remove.ts';
import { walkerFor } from './walk.ts';

type Bind = readonly [host: string, inside: string];

export interface PackageMounts {
  /** To be mounted read-only. */
  readonly reads: readonly Bind[];
  readonly writes: readonly Bind[];
  /** Makes /node_modules have exactly these links: name → target. Absent: the sandbox has no such folder. */
  readonly showModules?: (links: ReadonlyMap<string, string>) => Promise<void>;
}

/** `home` is the folder of the daemon. What is made there for the sandbox is added to `undo`. */
export async function packageMounts(place: PackagePlace | undefined, home: string, undo: Undo): Promise<PackageMounts> {
  if (!place) return { reads: [], writes: [] };
  if (place.kind === 'staging') return { reads: [], writes: [[place.path, `${SHELF}/${place.name}`]] };
  const modules = await mkdtemp(join(home, 'modules-'));
  undo.add(() => removeIfThere(walkerFor(platform()), modules));
  await chmod(modules, 0o755);
  const order = new Sequence();
  return { reads: [[place.path, SHELF], [modules, MODULES]], writes: [], showModules: (links) => order.run(() => showLinks(modules, links)) };
}

/** No program can write in the folder, so nothing in it is anybody else's. */
async function showLinks(folder: string, links: ReadonlyMap<string, string>): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name));
  for (const [name, target] of links) await symlink(target, join(folder, name));
}
