/**
 * Whether a daemon grows while it serves many sessions and commands, with --runs 100 5,000 sessions and 20,000 commands.
 * What it holds afterwards is compared with what it held after the first tenth of the sessions.
 */
import { strict as assert } from 'node:assert';
import { containers, controlGroups, folders, residentBytes } from '../../test/e2e/environment.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { timed } from '../measure.ts';
import { children, handles, MiB, settled } from '../proc.ts';
import { type Row, row } from '../row.ts';

const SESSIONS_PER_RUN = 50;
const AT_ONCE = 4;
const MAX_GROWTH_MIB = 16;

const quantities = {
  'resident memory': { unit: 'MiB', of: (pid: number) => residentBytes(pid) / MiB, mayGrow: MAX_GROWTH_MIB },
  'open file descriptors': { unit: '', of: handles, mayGrow: 0 },
  'child processes': { unit: '', of: children, mayGrow: 0 },
  containers: { unit: '', of: (pid: number) => containers(pid).length, mayGrow: 0 },
  folders: { unit: '', of: (pid: number) => folders(pid).length, mayGrow: 0 },
  'control groups': { unit: '', of: (pid: number) => controlGroups(pid).length, mayGrow: 0 },
} as const;

export const soak: Part = {
  name: 'soak',
  onlyByName: true,
  async run(bench) {
    const native = (await bench.lacks('native')) === undefined;
    const skipped = native ? undefined : await bench.lacks('docker');
    return skipped === undefined ? soakIn(bench, native ? 'native' : 'docker') : [{ name: 'many sessions', against: '', skipped }];
  },
};

async function soakIn(bench: Bench, runtime: string): Promise<Row[]> {
  const client = await bench.daemon({ pool: { [runtime]: { python: 2 } } });
  const pid = client.process.pid as number;
  const sessions = bench.many * SESSIONS_PER_RUN;
  const first = Math.floor(sessions / 10);
  const times: number[] = [];
  const through = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) times.push(await timed(() => life(client, runtime)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await settled(pid, 2);
    return Object.values(quantities).map(({ of }) => of(pid));
  };
  bench.say(`${first} sessions, ${runtime}`);
  const before = await through(first);
  bench.say(`${sessions - first} more sessions`);
  const after = await through(sessions - first);
  return [
    row({ name: `a whole session in ${runtime} (create, 4 commands, close), ${AT_ONCE} sessions at a time`, ours: times }),
    ...Object.entries(quantities).map(([name, { unit, mayGrow }], index) => {
      const [from = NaN, to = NaN] = [before[index], after[index]];
      return row({ name: `${name} after ${sessions} sessions`, against: `after ${first} sessions`, unit, ours: [to], theirs: [from], target: { p50: from + mayGrow } });
    }),
  ];
}

/** Creates a session, runs four commands in it and closes it. */
async function life(client: RawClient, runtime: string): Promise<void> {
  const { sessionId } = await client.request('session/create', { runtime, language: 'python' });
  await client.request('command/writeFile', { sessionId, path: 'word', content: 'hello\n' });
  assert.equal((await client.request('command/runCode', { sessionId, code: 'print(open("word").read(), end="")' })).stdout, 'hello\n');
  assert.equal((await client.request('command/executeShell', { sessionId, command: 'cat word' })).stdout, 'hello\n');
  assert.equal((await client.request('command/readFile', { sessionId, path: 'word' })).content, 'hello\n');
  await client.request('session/close', { sessionId });
  client.notifications.length = 0;
}
