/** `codebeaker sweep`: shows what daemons have on this machine, and removes what dead ones have left, of which it says how that is known. */
import { mkdtemp, readFile, realpath, rmdir } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isThere } from '../base/is-there.ts';
import { createLog } from '../base/log.ts';
import { bury, placesIn } from '../packages/shelf/places.ts';
import { Records } from '../packages/shelf/records.ts';
import { loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import type { Config } from '../protocol/index.ts';
import type { Left } from '../runtime/kinds/docker/leftovers.ts';
import { SharedParts } from '../runtime/kinds/shared.ts';
import { leftoversOf, runtimeKinds } from '../runtime/kinds/table.ts';
import { removeGroups } from '../runtime/machine/groups.ts';
import { removeIfThere } from '../runtime/machine/remove.ts';
import { type Fate, fatesOf } from '../runtime/machine/strays.ts';
import { walkerFor } from '../runtime/machine/walk.ts';
import type { SweepArguments } from './actions.ts';
import type { Surroundings } from './surroundings.ts';
import { columns, wrap } from './text.ts';

type What = 'container' | 'control group' | 'folder' | 'installation';

interface Thing extends Omit<Left, 'daemonId'> {
  readonly what: What;
  /** The name of the folder of its daemon. */
  readonly daemon: string;
}

interface Done {
  readonly what: What;
  readonly name: string;
  readonly why: string;
  readonly state: 'removed' | 'would be removed' | 'kept' | 'failed';
}

const WIDTH = 100;
const INDENT = 2;
/** So much of the id of a container is shown. */
const ID_LENGTH = 12;

/** @returns the exit code: 1 where something could not be removed */
export async function sweep(surroundings: Surroundings, { dryRun, json, config }: SweepArguments, print: (text: string) => Promise<number>): Promise<number> {
  const { things, unseen } = await find(surroundings, config);
  const done: Done[] = [];
  const stuck = new Set<string>();
  for (const thing of things) {
    // The folder goes last, because it tells that the daemon is dead.
    const settled = thing.what === 'folder' && stuck.has(thing.daemon) ? { ...thing, state: 'kept' as const, why: 'something of its daemon could not be removed' } : await settle(thing, dryRun);
    if (settled.state === 'failed') stuck.add(thing.daemon);
    done.push({ what: settled.what, name: settled.name, why: settled.why, state: settled.state });
  }
  const result = { dryRun, found: done, unseen };
  const code = await print(json ? `${JSON.stringify(result)}\n` : inWords(done, unseen));
  return code || (done.some(({ state }) => state === 'failed') ? 1 : 0);
}

async function settle({ what, name, why, dead, remove }: Thing, dryRun: boolean): Promise<Done> {
  if (!dead) return { what, name, why, state: 'kept' };
  if (dryRun) return { what, name, why, state: 'would be removed' };
  try {
    await remove();
    return { what, name, why, state: 'removed' };
  } catch (fault) {
    return { what, name, why: `${why}; it could not be removed: ${(fault as Error).message}`, state: 'failed' };
  }
}

/** Containers come first: which daemon is dead is told by its folder. `unseen`: where nothing could be looked for, and why. */
async function find(surroundings: Surroundings, configFlag: string | undefined): Promise<{ things: Thing[]; unseen: string[] }> {
  const { env, home } = surroundings;
  const { docker } = loadConfig({ flag: configFlag, env, home });
  const place = await realpath(tmpdir());
  const folders = await fatesIn(place);
  const { records, keys, making } = placesIn(ownFolder('XDG_CACHE_HOME', { env, home }));
  const walker = walkerFor(platform());
  const installations = await fatesIn(making);
  const { containers, unseen } = await findContainers(surroundings, docker, folders);
  const groups = await Promise.all(folders.map(async (fate) => (await groupsOf(join(place, fate.name))).map((path): Thing => ({ ...fate, daemon: fate.name, what: 'control group', name: path, remove: () => removeGroups(path) }))));
  return {
    unseen,
    things: [
      ...containers,
      ...groups.flat(),
      ...folders.map((fate): Thing => ({ ...fate, daemon: fate.name, what: 'folder', name: join(place, fate.name), remove: () => removeIfThere(walker, join(place, fate.name)) })),
      ...installations.map((fate): Thing => ({ ...fate, daemon: fate.name, what: 'installation', name: join(making, fate.name), remove: () => bury(join(making, fate.name), fate.name, new Records({ records, keys }), walker) })),
    ],
  };
}

async function findContainers(surroundings: Surroundings, docker: Config['docker'], folders: readonly Fate[]): Promise<{ containers: Thing[]; unseen: string[] }> {
  const shared = SharedParts.toSweep({ ...surroundings, docker, log: createLog('warn', surroundings.writeLog) });
  const folderOf = (daemonId: string) => daemonId.slice(daemonId.lastIndexOf('/') + 1);
  const fate = (daemonId: string) => folders.find(({ name }) => name === folderOf(daemonId));
  const containers: Thing[] = [];
  const unseen: string[] = [];
  for (const { what, find: look } of leftoversOf(runtimeKinds(docker))) {
    try {
      containers.push(...(await look(shared, fate)).map((left): Thing => ({ ...left, daemon: folderOf(left.daemonId), what: 'container' })));
    } catch (fault) {
      unseen.push(`${what}: ${(fault as Error).message}`);
    }
  }
  return { containers, unseen };
}

/** The folder of nobody stands in for one of a daemon: it tells the user, and the time by the clock of the file system. */
async function fatesIn(place: string): Promise<readonly Fate[]> {
  const own = await mkdtemp(join(place, '.codebeaker-sweep-')).catch(() => undefined);
  if (own === undefined) return [];
  try {
    return await fatesOf(place, basename(own));
  } finally {
    await rmdir(own);
  }
}

/** The control groups that a daemon has recorded and that are still there. */
async function groupsOf(folder: string): Promise<string[]> {
  const recorded = await readFile(join(folder, 'groups'), 'utf8').catch(() => '');
  const paths = [...new Set(recorded.split('\n').filter(Boolean))];
  const there = await Promise.all(paths.map(isThere));
  return paths.filter((_, at) => there[at]);
}

/** Names may be longer than any line, so each stands last, and why it is so below it. */
function inWords(done: readonly Done[], unseen: readonly string[]): string {
  const rows = done.map(({ what, name, state }) => [state, what, what === 'container' ? name.slice(0, ID_LENGTH) : name]);
  const [head = '', ...heads] = columns([['STATE', 'WHAT', 'NAME'], ...rows], WIDTH);
  const entries = heads.flatMap((line, at) => [line, ...wrap(done[at]?.why ?? '', WIDTH - INDENT).map((words) => `${' '.repeat(INDENT)}${words}`)]);
  const lines = rows.length > 0 ? [head, ...entries] : ['no daemon has left anything on this machine'];
  return [...lines, ...unseen.map((words) => `not looked for: ${words}`)].map((line) => `${line}\n`).join('');
}
