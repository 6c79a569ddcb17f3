/** `codebeaker cache`: shows, removes and checks the packages that were installed on this machine. */
import { DAY_MS } from '../base/days.ts';
import { randomBytes } from 'node:crypto';
import { createLog } from '../base/log.ts';
import { loadConfig } from '../policy/config-file.ts';
import { packagesPolicy } from '../policy/packages.ts';
import type { Shelf } from '../packages/shelf/shelf.ts';
import { FOLDER_PREFIX } from '../runtime/machine/strays.ts';
import type { CacheArguments } from './actions.ts';
import { createShelf } from './packages.ts';
import { inUnits } from './quantities.ts';
import type { Surroundings } from './surroundings.ts';
import { columns } from './text.ts';

type Listed = Awaited<ReturnType<Shelf['list']>>[number];

const WIDTH = 100;
/** So much of a name is shown. `rm` takes the beginning of a name. */
const SHOWN_LENGTH = 12;

/** @returns the exit code: 1 where something could not be removed, or is damaged */
export async function cache(surroundings: Surroundings, args: CacheArguments, print: (text: string) => Promise<number>): Promise<number> {
  const { env, home, process: { pid }, clock } = surroundings;
  const policy = packagesPolicy(loadConfig({ flag: args.config, env, home }));
  const shelf = createShelf(surroundings, `${FOLDER_PREFIX}${pid}-${randomBytes(6).toString('hex')}`, createLog('warn', surroundings.writeLog));
  try {
    const all = await shelf.list();
    const { code, lines, result } = await actions[args.action]({ shelf, all, names: args.names, now: clock.now(), most: policy.cacheBytes });
    return (await print(args.json ? `${JSON.stringify(result)}\n` : lines.map((line) => `${line}\n`).join(''))) || code;
  } finally {
    await shelf.close();
  }
}

interface Work {
  readonly shelf: Shelf;
  readonly all: readonly Listed[];
  readonly names: readonly string[];
  readonly now: number;
  /** How much may stay (packages.cacheBytes). */
  readonly most: number;
}

interface Done {
  readonly code: number;
  readonly lines: readonly string[];
  readonly result: object;
}

const actions: Readonly<Record<CacheArguments['action'], (work: Work) => Promise<Done>>> = {
  ls: ({ all, now, most }) => {
    const bytes = all.reduce((sum, record) => sum + record.bytes, 0);
    const rows = all.map((record) => [short(record), record.manager, inUnits(record.bytes), String(record.installed.length), used(record, now), record.label]);
    const lines = [...(rows.length > 0 ? columns([['NAME', 'MANAGER', 'SIZE', 'PACKAGES', 'USED', 'ASKED FOR'], ...rows], WIDTH) : []), `${inUnits(bytes)} of at most ${inUnits(most)}`];
    return Promise.resolve({ code: 0, lines, result: { bytes, cacheBytes: most, environments: all.map((record) => shown(record)) } });
  },
  rm: async ({ shelf, all, names }) => {
    const found = names.map((name) => [name, all.filter((record) => record.name.startsWith(name))] as const);
    const wrong = found.filter(([, records]) => records.length !== 1).map(([name, { length }]) => (length === 0 ? `nothing in the cache is called ${name}` : `${name} is the beginning of several names`));
    if (wrong.length > 0) return { code: 1, lines: wrong, result: { removed: [], kept: names } };
    const { removed, kept } = await removeAll(shelf, found.map(([, [record]]) => record as Listed));
    return { code: kept.length > 0 ? 1 : 0, lines: [...removed.map((record) => `removed ${short(record)} (${record.label})`), ...kept.map((record) => `${short(record)} (${record.label}) is in use, and stays`)], result: { removed: removed.map(({ name }) => name), kept: kept.map(({ name }) => name) } };
  },
  prune: async ({ shelf, all }) => {
    const { removed, kept } = await removeAll(shelf, all);
    const freed = removed.reduce((sum, { bytes }) => sum + bytes, 0);
    const lines = [`removed ${removed.length} of ${all.length} (${inUnits(freed)})${kept.length > 0 ? '; the rest is in use, and stays' : ''}`];
    return { code: 0, lines, result: { removed: removed.map(({ name }) => name), kept: kept.map(({ name }) => name), bytes: freed } };
  },
  verify: async ({ shelf, all }) => {
    const never = new AbortController().signal;
    const damaged: Listed[] = [];
    for (const record of all) if (!(await shelf.isIntact(record, never))) damaged.push(record);
    const lines = damaged.length === 0 ? [sound(all.length)] : damaged.map((record) => `${short(record)} (${record.label}) is not as it was installed; codebeaker cache rm ${short(record)} removes it`);
    return { code: damaged.length > 0 ? 1 : 0, lines, result: { checked: all.length, damaged: damaged.map(({ name }) => name) } };
  },
};

async function removeAll(shelf: Shelf, all: readonly Listed[]): Promise<{ removed: Listed[]; kept: Listed[] }> {
  const removed: Listed[] = [];
  const kept: Listed[] = [];
  for (const record of all) ((await shelf.remove(record)) ? removed : kept).push(record);
  return { removed, kept };
}

function sound(count: number): string {
  if (count === 0) return 'the cache is empty';
  return count === 1 ? 'the only one is as it was installed' : `all ${count} are as they were installed`;
}

const short = ({ name }: Listed): string => name.slice(0, SHOWN_LENGTH);

function used({ until, lastUsedAt }: Listed, now: number): string {
  if (until > now) return 'in use';
  const days = Math.floor((now - lastUsedAt) / DAY_MS);
  return days <= 0 ? 'today' : `${days} ${days === 1 ? 'day' : 'days'} ago`;
}

function shown({ name, manager, label, bytes, files, madeAt, lastUsedAt, until, digest, installed }: Listed): object {
  const time = (ms: number) => new Date(ms).toISOString();
  return { name, manager, label, bytes, files, madeAt: time(madeAt), lastUsedAt: time(lastUsedAt), inUseUntil: time(until), digest, installed };
}
