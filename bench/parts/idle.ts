/** How much memory a daemon that has nothing to do uses, and how often it wakes up. */
import { residentBytes } from '../../test/e2e/environment.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { pause } from '../measure.ts';
import { MiB, settled, wakeUps } from '../proc.ts';
import { row } from '../row.ts';
import { docker, twoPrepared } from './sessions.ts';

const WATCHED_S = 10;
/** A daemon leaves some work for after its start. It has been done by then. */
const REST_MS = 3_000;

export const idle: Part = {
  name: 'idle',
  async run(bench) {
    const fresh = await bench.daemon();
    const skipped = await bench.lacks('docker');
    const busy = skipped === undefined ? await used(bench) : undefined;
    bench.say('a daemon without work');
    await pause(REST_MS);
    const name = 'idle daemon with one session and two prepared sandboxes';
    return [
      ...(await watched(fresh, 'idle daemon without sessions')),
      ...(busy ? await watched(busy, name) : [{ name, against: '', skipped: skipped ?? '' }]),
    ];
  },
};

/** A daemon that has done some work, and has prepared for more. */
async function used(bench: Bench): Promise<RawClient> {
  const client = await bench.daemon(twoPrepared);
  const { sessionId } = await client.request('session/create', docker);
  await client.request('command/runCode', { sessionId, code: 'print("hello")' });
  await settled(client.process.pid as number, 3);
  return client;
}

async function watched(client: RawClient, name: string) {
  const pid = client.process.pid as number;
  const before = wakeUps(pid);
  await pause(WATCHED_S * 1000);
  const woken = (wakeUps(pid) - before) / WATCHED_S;
  return [
    row({ name: `${name}: resident memory`, unit: 'MiB', ours: [residentBytes(pid) / MiB], target: { p50: 70 } }),
    row({ name: `${name}: wake-ups of its threads`, unit: '1/s', ours: [woken], target: { p50: 1 } }),
  ];
}
