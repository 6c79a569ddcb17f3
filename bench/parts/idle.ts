/** What a daemon costs that has nothing to do. */
import { residentBytes } from '../../test/e2e/environment.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { pause } from '../measure.ts';
import { MiB, settled, wakeUps } from '../proc.ts';
import { row } from '../row.ts';
import { ahead, docker } from './sessions.ts';

const WATCHED_S = 10;
/** What a start leaves to be done later has been done by then. */
const REST_MS = 3_000;

export const idle: Part = {
  name: 'idle',
  async run(bench) {
    const fresh = await bench.daemon();
    const busy = await bench.daemon(ahead);
    const { sessionId } = await busy.request('session/create', docker);
    await busy.request('command/runCode', { sessionId, code: 'print("hello")' });
    await settled(busy.process.pid as number, 3);
    bench.say('idle');
    await pause(REST_MS);
    return [
      ...(await watched(fresh, 'idle daemon, just started')),
      ...(await watched(busy, 'idle daemon, a session, two ready')),
    ];
  },
};

async function watched(client: RawClient, name: string) {
  const pid = client.process.pid as number;
  const before = wakeUps(pid);
  await pause(WATCHED_S * 1000);
  const woken = (wakeUps(pid) - before) / WATCHED_S;
  return [
    row({ name: `${name}: resident memory`, unit: 'MiB', ours: [residentBytes(pid) / MiB], mark: { p50: 70 } }),
    row({ name: `${name}: wake-ups`, unit: '1/s', ours: [woken], mark: { p50: 1 } }),
  ];
}
