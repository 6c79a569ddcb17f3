/** A daemon that has no descriptors left refuses what needs them, and lives (K10). */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { daemonEnvironment, until } from './environment.ts';
import { daemonPath, type Message, RawClient } from './raw-client.ts';

const SESSIONS = 16;

/** A daemon that may open so many files. */
function limitedDaemon(descriptors: number): RawClient {
  const env = daemonEnvironment({ sessions: { max: 64 } });
  return new RawClient({ env, command: ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', process.execPath, daemonPath, '--stdio'] });
}

const isRefused = ({ error }: Message) => error !== undefined && [1011, 1012].includes(error.code);

describe('a daemon with few descriptors', function () {
  this.timeout(120_000);
  before(need('bubblewrap', bubblewrap));

  for (const descriptors of [48, 64, 96, 128, 256]) {
    it(`lives with ${descriptors} and ${SESSIONS} sessions at once`, async () => {
      const client = limitedDaemon(descriptors);
      await client.initialize();
      const create = () => client.call('session/create', { language: 'shellscript', runtime: 'native' });
      const close = (sessionId: string) => client.request('session/close', { sessionId });
      const open = () => readdirSync(`/proc/${client.process.pid}/fd`).length;
      const first = await create();
      if (first.result) await close(first.result.sessionId as string);
      const before = open();
      const made = await Promise.all(Array.from({ length: SESSIONS }, create));
      const refused = made.filter(({ error }) => error !== undefined);
      expect(refused.filter((each) => !isRefused(each)), JSON.stringify(refused)).to.deep.equal([]);
      const sessions = made.flatMap(({ result }) => (result ? [result.sessionId as string] : []));
      for (const sessionId of sessions) {
        const ran = await client.request('command/executeShell', { sessionId, command: 'exit 7' });
        expect(ran).to.include({ outcome: 'exited', exitCode: 7 });
      }
      await Promise.all(sessions.map(close));
      expect(await client.call('server/health')).not.to.have.property('error');
      await until('the descriptors of all sessions, also of those that were refused, are closed', () => open() <= before);
      await until('with the descriptors that are free again, a session can be made', async () => {
        const { result } = await create();
        if (result) await close(result.sessionId as string);
        return result !== undefined;
      });
      expect(await client.end()).to.equal(0);
    });
  }
});
