/** What of the packages on this machine is mounted in a sandbox, and the folder in which the daemon shows it more while it lives. */
import { chmod, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join, posix } from 'node:path';
import { Sequence } from '../../base/promises.ts';
import type { Undo } from '../../base/undo.ts';
import { MODULES, type PackagePlace, SHELF } from '../packages.ts';
import type { Sandbox } from '../ports.ts';
import { removeIfThere } from './remove.ts';
import { walkerFor } from './walk.ts';

type Bind = readonly [host: string, inside: string];

export interface PackageMounts {
  /** To be mounted read-only. */
  readonly reads: readonly Bind[];
  readonly writes: readonly Bind[];
  /** Puts things into /node_modules, in which no program can write. Absent: the sandbox has no such folder. */
  readonly shown?: Shown;
}

/** As in `Sandbox`. */
export type Shown = Pick<Sandbox, 'showModules' | 'showFile'>;

/** `home` is the folder of the daemon. What is made there for the sandbox is added to `undo`. */
export async function packageMounts(place: PackagePlace | undefined, home: string, undo: Undo): Promise<PackageMounts> {
  if (!place) return { reads: [], writes: [] };
  if (place.kind === 'staging') return { reads: [], writes: [[place.path, `${SHELF}/${place.name}`]] };
  const modules = await mkdtemp(join(home, 'modules-'));
  undo.add(() => removeIfThere(walkerFor(platform()), modules));
  await chmod(modules, 0o755);
  const order = new Sequence();
  const shown: Shown = {
    showModules: (links) => order.run(() => showLinks(modules, links)),
    showFile: (name, text) => order.run(() => showFile(modules, name, text)),
  };
  return { reads: [[place.path, SHELF], [modules, MODULES]], writes: [], shown };
}

/** No program can write in the folder, so nothing in it is anybody else's. */
async function showLinks(folder: string, links: ReadonlyMap<string, string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isSymbolicLink()) await rm(join(folder, entry.name));
  for (const [name, target] of links) await symlink(target, join(folder, name));
}

/** Node takes no name that begins with a dot for that of a package. */
async function showFile(folder: string, name: string, text: string): Promise<string> {
  const hidden = `.codebeaker-${name}`;
  const part = join(folder, `${hidden}.part`);
  await writeFile(part, text);
  await chmod(part, 0o444);
  await rename(part, join(folder, hidden));
  return posix.join(MODULES, hidden);
}
