/**
 * Control groups: what holds a sandbox's memory, processor and number of processes. The daemon has a group of its own
 * below the one it runs in, or below the nearest above it that it may change; each sandbox has one in there.
 */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, sleep } from '../../../base/clock.ts';
import { undoing } from '../../../base/undo.ts';
import type { AdjustableLimits } from '../../ports.ts';
import { errorCode } from '../../machine/faults.ts';
import { type Controller, controllers, hierarchies, type Hierarchy } from './hierarchies.ts';
import { Weight } from './weight.ts';

export interface ControlGroup {
  /** A process that writes its id to these is in it, with all that it starts. */
  readonly join: readonly string[];
  /** Folders of the host, and where they are to be seen inside, read-only. */
  readonly binds: readonly (readonly [host: string, inside: string])[];
  adjust(limits: AdjustableLimits): Promise<void>;
  /** Kills what is left in it. Resolves when it is gone. */
  remove(): Promise<void>;
}

/** A group is busy until the last of its processes has been reaped. */
const REMOVE_TRIES = 100;
const MAX_REMOVE_AGAIN_MS = 50;

export class ControlGroups {
  readonly #bases: ReadonlyMap<Controller, Base>;
  readonly #clock: Clock;
  readonly #weight: Weight;

  private constructor(bases: ReadonlyMap<Controller, Base>, clock: Clock) {
    this.#bases = bases;
    this.#weight = new Weight(bases.get('cpu'));
    this.#clock = clock;
  }

  /** `name` is that of the daemon's own group. Has no controllers where the host lets us have none. `found`: where it looks, by default wherever the host has some. */
  static async open(name: string, clock: Clock, found?: readonly Hierarchy[]): Promise<ControlGroups> {
    const bases = new Map<Controller, Base>();
    for (const hierarchy of found ?? (await hierarchies())) {
      const folder = await makeBase(hierarchy, name);
      if (folder === undefined) continue;
      for (const controller of await usable(hierarchy, folder)) bases.set(controller, { ...hierarchy, folder });
    }
    return new ControlGroups(bases, clock);
  }

  get controllers(): ReadonlySet<Controller> {
    return new Set(this.#bases.keys());
  }

  /** Whether every limit is a group's. */
  get holdsAll(): boolean {
    return this.#bases.size === controllers.length;
  }

  /** The daemon's own groups: what must go with it. */
  get folders(): readonly string[] {
    return [...new Set([...this.#bases.values()].map(({ folder }) => folder))];
  }

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
      await Promise.all(folders.map((folder) => mkdir(folder)));
      await adjust(limits);
      await weighed;
      return {
        join: folders.map((folder) => join(folder, 'cgroup.procs')),
        binds: [...new Map(binds.map((bind) => [bind[1], bind])).values()],
        adjust,
        remove: () => undo.all(),
      };
    });
  }

  async close(): Promise<void> {
    await this.#remove(this.folders);
  }

  async #remove(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      // Only the second version has this file; what else is in a group has been killed by its process namespace.
      await writeFile(join(folder, 'cgroup.kill'), '1').catch(() => undefined);
      for (let tries = 1; !(await isGone(folder)); tries++) {
        if (tries === REMOVE_TRIES) throw new Error('a control group stays busy');
        await sleep(this.#clock, Math.min(tries, MAX_REMOVE_AGAIN_MS));
      }
    }
  }
}

interface Base extends Hierarchy {
  readonly folder: string;
}

type Settings = (limits: AdjustableLimits) => readonly Setting[];

interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not every kernel has it. */
  readonly optional?: boolean;
}

/** Of the kernel's accounting of processor time. */
const PERIOD_US = 100_000;
const quota = (cpus: number) => Math.max(1000, Math.round(cpus * PERIOD_US));

/** Without swap: memory that is paged out would be over the limit all the same. */
const settings: Readonly<Record<1 | 2, Readonly<Record<Controller, Settings>>>> = {
  1: {
    memory: ({ memoryBytes }) => [
      // With swap it is never less than without: to be raised first, and lowered last.
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

async function limit(folder: string, list: readonly Setting[]): Promise<void> {
  for (const { file, value, optional } of list) {
    await writeFile(join(folder, file), value).catch((fault: unknown) => {
      if (!optional) throw fault;
    });
  }
}

/** The group it runs in, or the nearest above in which it may make another. Undefined where there is none. */
async function makeBase(hierarchy: Hierarchy, name: string): Promise<string | undefined> {
  for (let parent = hierarchy.current; parent.startsWith(hierarchy.mount); parent = dirname(parent)) {
    const folder = join(parent, name);
    if (!(await mkdir(folder).then(() => true, () => false))) continue;
    if ((await usable(hierarchy, folder)).length > 0) return folder;
    await enable(parent);
    if ((await usable(hierarchy, folder)).length > 0) return folder;
    await rmdir(folder).catch(() => undefined);
  }
  return undefined;
}

/** What the groups below `folder` can limit. In the second version a group hands on what it has been given. */
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
