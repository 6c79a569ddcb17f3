/**
 * Control groups (cgroups), which limit the memory, processor time and number of processes of a sandbox. The daemon makes
 * a group of its own below the one in which it runs, or else below the nearest ancestor where it may; each sandbox gets a
 * group in there.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, sleep } from '../../../base/clock.ts';
import { undoing } from '../../../base/undo.ts';
import type { AdjustableLimits } from '../../ports.ts';
import { errorCode } from '../../machine/faults.ts';
import { type Controller, controllers, hierarchies, type Hierarchy } from './hierarchies.ts';
import { Weight } from './weight.ts';

export interface ControlGroup {
  /** Paths of files. A process that writes its id to all of them is in the group, with everything that it starts. */
  readonly join: readonly string[];
  /** Folders of the host that are to be mounted read-only in the sandbox, so that it can read its limits. */
  readonly binds: readonly (readonly [host: string, inside: string])[];
  /** Changes the limits. */
  adjust(limits: AdjustableLimits): Promise<void>;
  /** The processor time in milliseconds that the group has used. undefined: it is not counted here. */
  readonly cpuMs: (() => Promise<number>) | undefined;
  /** Kills the processes that are left in the group. Resolves when the group is gone. */
  remove(): Promise<void>;
}

/** A group can't be removed until the last of its processes has been reaped. */
const REMOVE_TRIES = 100;
const MAX_REMOVE_AGAIN_MS = 50;

export class ControlGroups {
  readonly #bases: ReadonlyMap<Controller, Base>;
  readonly #clock: Clock;
  readonly #weight: Weight;

  /** The group in which processor time is counted. */
  readonly #counter: Base | undefined;

  private constructor(bases: ReadonlyMap<Controller, Base>, counter: Base | undefined, clock: Clock) {
    this.#bases = bases;
    this.#counter = counter;
    this.#weight = new Weight(bases.get('cpu'));
    this.#clock = clock;
  }

  /**
   * `name` is the name of the daemon's own group. `found`: where to make it, by default in all hierarchies of this host.
   * `announce` is called with each folder before it is made. The result has no controllers where the daemon may use none.
   */
  static async open(name: string, clock: Clock, announce: (folder: string) => void, found?: readonly Hierarchy[]): Promise<ControlGroups> {
    const bases = new Map<Controller, Base>();
    for (const hierarchy of found ?? (await hierarchies())) {
      const folder = await makeBase(hierarchy, name, announce);
      if (folder === undefined) continue;
      for (const controller of await usable(hierarchy, folder)) bases.set(controller, { ...hierarchy, folder });
    }
    const cpu = bases.get('cpu');
    return new ControlGroups(bases, cpu && existsSync(join(cpu.folder, times[cpu.version].file)) ? cpu : undefined, clock);
  }

  /** What can be limited. */
  get controllers(): ReadonlySet<Controller> {
    return new Set(this.#bases.keys());
  }

  /** Whether everything can be limited. */
  get holdsAll(): boolean {
    return this.#bases.size === controllers.length;
  }

  /** The folders of the daemon's own groups, which must be removed when it ends. */
  get folders(): readonly string[] {
    return [...new Set([...this.#bases.values()].map(({ folder }) => folder))];
  }

  /** Makes the group of a sandbox. If that fails, nothing of it is left. */
  async create(name: string, limits: AdjustableLimits): Promise<ControlGroup> {
    const folders = this.folders.map((folder) => join(folder, name));
    const adjust = async (to: AdjustableLimits) => {
      await Promise.all([...this.#bases].map(([controller, { version, folder }]) =>
        limit(join(folder, name), settings[version][controller](to))));
    };
    const binds = [...this.#bases].map(([controller, { version, folder }]) =>
      [join(folder, name), version === 2 ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`] as const);
    return undoing(async (undo) => {
      const weighed = this.#weight.add();
      undo.add(() => this.#weight.remove());
      undo.add(() => this.#remove(folders));
      await Promise.all(folders.map((folder) => makeReadable(folder)));
      await adjust(limits);
      await weighed;
      return {
        join: folders.map((folder) => join(folder, 'cgroup.procs')),
        binds: [...new Map(binds.map((bind) => [bind[1], bind])).values()],
        adjust,
        cpuMs: this.#counter && counting(this.#counter, name),
        remove: () => undo.all(),
      };
    });
  }

  /** Removes the daemon's own groups. Those of all sandboxes must be gone. */
  async close(): Promise<void> {
    await this.#remove(this.folders);
  }

  async #remove(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      // Only version 2 has this file. In version 1 the end of the process namespace has killed every process of the group.
      await writeFile(join(folder, 'cgroup.kill'), '1').catch(() => undefined);
      for (let tries = 1; !(await isGone(folder)); tries++) {
        if (tries === REMOVE_TRIES) throw new Error('a control group could not be removed: processes in it do not end');
        await sleep(this.#clock, Math.min(tries, MAX_REMOVE_AGAIN_MS));
      }
    }
  }
}

/** The daemon's own group in a hierarchy. */
interface Base extends Hierarchy {
  readonly folder: string;
}

/** Where the kernel counts processor time. In version 1 that is another controller, which mostly shares the hierarchy of `cpu`. */
const times = {
  1: { file: 'cpuacct.usage', number: /^(\d+)/, perMs: 1e6 },
  2: { file: 'cpu.stat', number: /^usage_usec (\d+)/m, perMs: 1e3 },
} as const;

/** Reads the processor time in milliseconds of a group below another one. */
export function counting({ folder, version }: Pick<Base, 'folder' | 'version'>, name: string): () => Promise<number> {
  const { file, number, perMs } = times[version];
  const path = join(folder, name, file);
  return async () => Number(number.exec(await readFile(path, 'utf8'))?.[1]) / perMs;
}

type Settings = (limits: AdjustableLimits) => readonly Setting[];

interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not every kernel has the file. */
  readonly optional?: boolean;
}

/** In each such period, the group may use the processor for its quota of time. */
const PERIOD_US = 100_000;
const quota = (cpus: number) => Math.max(1000, Math.round(cpus * PERIOD_US));

/** The files that set the limits, for both versions. There is no swap: a sandbox may not use more than its memory by paging out. */
const settings: Readonly<Record<1 | 2, Readonly<Record<Controller, Settings>>>> = {
  1: {
    memory: ({ memoryBytes }) => [
      // The limit of memory and swap together can't be lower than that of memory: it is raised before, and lowered after.
      { file: 'memory.memsw.limit_in_bytes', value: String(memoryBytes), optional: true },
      { file: 'memory.limit_in_bytes', value: String(memoryBytes) },
      { file: 'memory.memsw.limit_in_bytes', value: String(memoryBytes), optional: true },
    ],
    cpu: ({ cpus }) => [
      { file: 'cpu.cfs_period_us', value: String(PERIOD_US) },
      { file: 'cpu.cfs_quota_us', value: String(quota(cpus)) },
    ],
    pids: ({ pids }) => [{ file: 'pids.max', value: String(pids) }],
  },
  2: {
    memory: ({ memoryBytes }) => [
      { file: 'memory.max', value: String(memoryBytes) },
      { file: 'memory.swap.max', value: '0', optional: true },
    ],
    cpu: ({ cpus }) => [{ file: 'cpu.max', value: `${quota(cpus)} ${PERIOD_US}` }],
    pids: ({ pids }) => [{ file: 'pids.max', value: String(pids) }],
  },
};

/** Inside, another user reads the limits. The daemon's umask may forbid that at first. */
async function makeReadable(folder: string): Promise<void> {
  await mkdir(folder);
  await chmod(folder, 0o755);
}

async function limit(folder: string, list: readonly Setting[]): Promise<void> {
  for (const { file, value, optional } of list) {
    await writeFile(join(folder, file), value).catch((fault: unknown) => {
      if (!optional) throw fault;
    });
  }
}

/** Makes the daemon's own group, below the group in which it runs or the nearest ancestor where it may. undefined: it may nowhere. */
async function makeBase(hierarchy: Hierarchy, name: string, announce: (folder: string) => void): Promise<string | undefined> {
  for (let parent = hierarchy.current; parent.startsWith(hierarchy.mount); parent = dirname(parent)) {
    const folder = join(parent, name);
    announce(folder);
    if (!(await mkdir(folder).then(() => true, () => false))) continue;
    if ((await usable(hierarchy, folder)).length > 0) return folder;
    await enable(parent);
    if ((await usable(hierarchy, folder)).length > 0) return folder;
    await rmdir(folder).catch(() => undefined);
  }
  return undefined;
}

/** What groups below `folder` can limit. In version 2 a group must pass its controllers on to those below it. */
async function usable({ version, controllers: all }: Hierarchy, folder: string): Promise<readonly Controller[]> {
  if (version === 1) return all;
  await enable(folder);
  const given = await readFile(join(folder, 'cgroup.subtree_control'), 'utf8').catch(() => '');
  return controllers.filter((controller) => given.split(/\s+/).includes(controller));
}

async function enable(folder: string): Promise<void> {
  for (const controller of controllers) await writeFile(join(folder, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
}

async function isGone(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (fault) {
    return errorCode(fault) === 'ENOENT';
  }
}
