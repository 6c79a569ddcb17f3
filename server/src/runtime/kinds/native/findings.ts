/** What native sandboxes need on this host: bubblewrap, a system call filter, an /etc, interpreters, control groups. It is looked for once. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { machine, release } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { searchFolders } from '../../machine/packaged.ts';
import { ProcessTimes } from '../../machine/process-times.ts';
import { versionOf } from '../../machine/version.ts';
import { hasAgent, installAgent } from '../../agent/index.ts';
import { installTypeScript } from '../../typescript.ts';
import { isAtLeast, type Version } from '../../versions.ts';
import { ControlGroups } from './cgroup.ts';
import { bindsOf, findShown, makeEtc } from './etc.ts';
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
  /** The path of the folder that becomes /etc. */
  readonly etc: string;
  /** The path of the program file of the agent. */
  readonly agent: string;
  /** The path of the folder of the loader for TypeScript. */
  readonly typescript: string;
  readonly toolchains: Toolchains;
  readonly groups: ControlGroups;
  /** Tells the processor time of sandboxes that no control group counts. */
  readonly times: ProcessTimes;
  readonly keeper: Keeper;
}

export interface FindingsOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** The daemon's PATH. */
  readonly searchPath: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** The name of the daemon's own control group. */
  readonly group: string;
}

/** The oldest bubblewrap that will do. */
const OLDEST: Version = [0, 4];

/** @throws Error with a message that says what is missing and what to do */
export async function gatherFindings({ keeper, clock, searchPath, platform, uid, group }: FindingsOptions): Promise<Findings> {
  if (platform !== 'linux') throw new Error('it needs Linux; use Docker or Deno on this system');
  const arch = machine();
  if (!hasAgent(arch)) throw new Error(`there is no agent for the processor architecture ${arch}; use Deno`);
  const program = await onPath('bwrap', searchPath);
  if (program === undefined) throw new Error('bubblewrap is not installed; install it (apt install bubblewrap, dnf install bubblewrap, ...)');
  const root = uid === 0;
  const version = await versionOf('bubblewrap', program, { keeper, clock });
  if (!isAtLeast(version, OLDEST)) throw new Error(`bubblewrap ${version} is too old; ${OLDEST.join('.')} or later is needed`);
  const shown = await findShown();
  const [etc, found, groups, agent, typescript] = await Promise.all([
    keeper.furnish('etc', (path) => makeEtc(path, shown)),
    findToolchains(searchPath),
    ControlGroups.open(group, clock, (made) => keeper.holdControlGroup(made)),
    keeper.furnish(`agent-${arch}`, (path) => installAgent(arch, dirname(path))),
    keeper.furnish('typescript', (path) => installTypeScript(dirname(path))),
  ]);
  const toolchains = { ...found, binds: [...found.binds, ...bindsOf(shown)] };
  return { program, version, forbidsUserNamespaces: isAtLeast(version, [0, 8]), countsByNamespace: isAtLeast(release(), [5, 14]), root, etc, agent, typescript, toolchains, groups, times: new ProcessTimes(), keeper };
}

async function onPath(name: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of [...searchFolders(searchPath), '/usr/bin', '/bin']) {
    const path = join(folder, name);
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  return undefined;
}
