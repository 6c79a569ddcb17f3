/** The clock of a running daemon is set forward and back by a day: nothing ends earlier than it should, and sessions go on. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { dockerImage, need, program } from '../require.ts';
import { busybox } from '../runtime/kinds/docker/real.ts';
import { containers, daemonEnvironment, folders, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const IDLE_MS = 600_000;

describe('a daemon whose clock is set', () => {
  before(need('docker', dockerImage(busybox)));
  before(need('faketime', program('faketime')));

  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [what, offset] of [['forward', '+1d'], ['back', '-1d']] as const) {
    it(`${what} by a day ends no session and no command, and its state can be read`, async () => {
      const clock = join(folder, 'clock');
      const set = (to: string) => writeFileSync(clock, to);
      set('+0d');
      const preload = execFileSync('faketime', ['-m', '-f', '+0d', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
      const state = join(folder, 'state');
      const known = daemonEnvironment({ stateDir: state, images: { python: busybox }, sessions: { idleTimeoutMs: IDLE_MS } });
      const client = new RawClient({ env: { ...known, LD_PRELOAD: preload, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' } });
      await client.initialize();
      const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'docker' });
      const answer = client.call('command/executeShell', { sessionId, commandId: 'waits', command: "trap 'exit 3' TERM; echo begins; while :; do sleep 0.05; done" });
      await until('the command runs', () => client.notifications.some(({ method }) => method === 'command/output'));
      const session = async () => (await client.request('session/list')).sessions[0];
      const before = Date.parse((await session()).lastActiveAt);

      set(offset);
      const { lastActiveAt, expiresAt } = await session();
      const moved = Date.parse(lastActiveAt) - before;
      expect(Math.round(moved / 86_400_000), 'the daemon sees the new time').to.equal(Number(offset.slice(0, 2)));
      expect(Math.round((Date.parse(expiresAt) - Date.parse(lastActiveAt)) / 1000)).to.equal(IDLE_MS / 1000);
      await client.call('command/signal', { commandId: 'waits', signal: 'SIGTERM' });
      const { result } = await answer;
      expect([result.outcome, result.exitCode]).to.deep.equal(['exited', 3]);
      expect(result.durationMs).to.be.within(0, 60_000);
      await client.request('session/create', { language: 'python', runtime: 'docker' });
      expect((await client.request('session/list')).sessions).to.have.length(2);
      expect([await client.end(), client.stderr, readdirSync(state)]).to.deep.equal([0, '', ['audit', 'audit-heads', 'history', 'runtimes.json', 'usage']]);

      const next = new RawClient({ env: known });
      await next.initialize();
      await next.request('session/create', { language: 'python', runtime: 'docker' });
      expect([await next.end(), next.stderr]).to.deep.equal([0, '']);
      for (const { process: { pid } } of [client, next]) expect([containers(pid), folders(pid as number)]).to.deep.equal([[], []]);
    });
  }
});
