/** What native sandboxes need on this host: bubblewrap, a system call filter, an /etc, interpreters, control groups. It is looked for once. */
import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { machine, release } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Fifos } from '../../machine/fifos.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { searchFolders } from '../../machine/packaged.ts';
import { versionOf } from '../../machine/version.ts';
import { launcher, prelude, seccompFilter } from '../../shell/index.ts';
import { isAtLeast, type Version } from '../../versions.ts';
import { ControlGroups } from './cgroup.ts';
import { makeEtc } from './etc.ts';
import { findToolchains, type Toolchains } from './toolchains.ts';

export interface Findings {
  /** The path of bubblewrap. */
  readonly program: string;
  /** The version of bubblewrap. */
  readonly version: string;
  /** As in `BubblewrapPlan`. */
  readonly forbidsUserNamespaces: boolean;
  /** Whether this kernel (Linux 5.14 or later) counts the processes of a user in each user namespace separately. */
  readonly countsByNamespace: boolean;
  readonly root: boolean;
  /** The path of the file with the system call filter. */
  readonly filter: string;
  /** The path of the folder that becomes /etc. */
  readonly etc: string;
  /** The path of the folder with the prelude and the launcher of shells. */
  readonly library: string;
  readonly toolchains: Toolchains;
  readonly groups: ControlGroups;
  readonly keeper: Keeper;
  readonly fifos: Fifos;
}

export interface FindingsOptions {
  readonly keeper: Keeper;
  readonly fifos: Fifos;
  readonly clock: Clock;
  /** The daemon's PATH. */
  readonly searchPath: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** The name of the daemon's own control group, which ends with its process id. */
  readonly group: string;
}

/** The oldest bubblewrap that will do. */
const OLDEST: Version = [0, 4];

/** @throws Error with a message that says what is missing and what to do */
export async function gatherFindings({ keeper, fifos, clock, searchPath, platform, uid, group }: FindingsOptions): Promise<Findings> {
  if (platform !== 'linux') throw new Error('it needs Linux; use Docker or Deno on this system');
  const arch = machine();
  if (arch !== 'x86_64' && arch !== 'aarch64') throw new Error(`there is no system call filter for the processor architecture ${arch}; use Docker`);
  const program = await onPath('bwrap', searchPath);
  if (program === undefined) throw new Error('bubblewrap is not installed; install it (apt install bubblewrap, dnf install bubblewrap, ...)');
  const root = uid === 0;
  if (root && (await onPath('setpriv', searchPath)) === undefined) throw new Error('setpriv is not installed; install util-linux');
  const version = await versionOf('bubblewrap', program, { keeper, clock });
  if (!isAtLeast(version, OLDEST)) throw new Error(`bubblewrap ${version} is too old; ${OLDEST.join('.')} or later is needed`);
  const folder = join(await keeper.folder(), 'native');
  await mkdir(folder, { recursive: true });
  const filter = join(folder, 'filter');
  await writeFile(filter, seccompFilter(arch));
  const etc = join(folder, 'etc');
  const library = join(folder, 'lib');
  await mkdir(library, { mode: 0o755 });
  await writeFile(join(library, 'prelude'), prelude(undefined), { mode: 0o644 });
  await writeFile(join(library, 'launcher'), launcher(arch), { mode: 0o755 });
  const [shown, found, groups] = await Promise.all([makeEtc(etc), findToolchains(searchPath), ControlGroups.open(group, clock), fifos.prepare()]);
  for (const own of groups.folders) keeper.holdControlGroup(own);
  const toolchains = { ...found, binds: [...found.binds, ...shown] };
  return { program, version, forbidsUserNamespaces: isAtLeast(version, [0, 8]), countsByNamespace: isAtLeast(release(), [5, 14]), root, filter, etc, library, toolchains, groups, keeper, fifos };
}

async function onPath(name: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of [...searchFolders(searchPath), '/usr/bin', '/bin']) {
    const path = join(folder, name);
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  return undefined;
}
