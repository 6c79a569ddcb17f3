/** How long requests take while 50 sessions have 10 requests each in flight, and whether each session gets its share. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { pause, timed } from '../measure.ts';
import { cores } from '../proc.ts';
import { row } from '../row.ts';

const SESSIONS = 50;
const IN_FLIGHT = 10;
const LASTS_MS = 10_000;
const LIST_EVERY_MS = 50;
/** Each session must get at least this part of an equal share of the answers. */
const FAIR = 0.5;

export const crowd: Part = {
  name: 'crowd',
  async run(bench) {
    const lack = (await bench.lacks('native')) === undefined ? undefined : await bench.lacks('docker');
    if (lack !== undefined) return [{ name: `${SESSIONS} sessions, ${SESSIONS * IN_FLIGHT} requests in flight`, against: '', skipped: lack }];
    const client = await bench.daemon();
    const native = await client.call('session/create', { runtime: 'native', language: 'shellscript' });
    const runtime = native.error ? 'docker' : 'native';
    bench.say(`${SESSIONS} sessions, ${SESSIONS * IN_FLIGHT} requests in flight, ${runtime}`);
    const ids: string[] = native.error ? [] : [native.result.sessionId];
    while (ids.length < SESSIONS) ids.push((await client.request('session/create', { runtime, language: 'shellscript' })).sessionId);

    const both = { daemon: client.process.pid as number, client: process.pid };
    const before = { daemon: cores(both.daemon), client: cores(both.client) };
    const until = performance.now() + LASTS_MS;
    const waits: number[] = [];
    const served = ids.map(() => 0);
    const worker = async (sessionId: string, session: number, nth: number) => {
      for (let turn = nth; performance.now() < until; turn++) {
        waits.push(await timed(() => ask(client, sessionId, turn, `${nth}`)));
        served[session] = (served[session] ?? 0) + 1;
      }
    };
    const lists: number[] = [];
    const lister = async () => {
      while (performance.now() < until) {
        lists.push(await timed(async () => assert.equal((await client.request('session/list')).sessions.length, SESSIONS)));
        await pause(LIST_EVERY_MS);
      }
    };
    await Promise.all([lister(), ...ids.flatMap((id, session) => Array.from({ length: IN_FLIGHT }, (_, nth) => worker(id, session, nth)))]);
    const on = (side: keyof typeof both) => {
      const { ran, waited } = cores(both[side]);
      return `the ${side} ran ${percent((ran - before[side].ran) / LASTS_MS)} and waited for a core ${percent((waited - before[side].waited) / LASTS_MS)} of the time`;
    };
    const share = (Math.min(...served) * SESSIONS) / waits.length;
    if (share < FAIR) throw new Error(`a session got only ${Math.min(...served)} of ${waits.length} answers`);
    const note = `${Math.round((waits.length * 1000) / LASTS_MS)} requests/s, the session with the fewest answers got ${percent(share)} of the mean; ${on('daemon')}, ${on('client')}`;
    return [
      row({ name: `${SESSIONS} sessions in ${runtime}, ${SESSIONS * IN_FLIGHT} requests in flight: session/list`, ours: lists, note, target: { p95: 5 } }),
      row({ name: `${SESSIONS} sessions in ${runtime}, ${SESSIONS * IN_FLIGHT} requests in flight: any other request`, ours: waits }),
    ];
  },
};

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** Half of the requests run programs, and half are about files. */
async function ask(client: RawClient, sessionId: string, turn: number, path: string): Promise<void> {
  switch (turn % 4) {
    case 0:
      return void assert.equal((await client.request('command/writeFile', { sessionId, path, content: 'x' })).bytes, 1);
    case 1:
      return void assert.ok((await client.request('command/listDirectory', { sessionId })).entries);
    default:
      return void assert.equal((await client.request('command/executeShell', { sessionId, command: ['true'] })).exitCode, 0);
  }
}
