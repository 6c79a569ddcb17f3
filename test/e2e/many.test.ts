/** Many sessions, and many commands at once, leave stderr silent: no MaxListenersExceededWarning (C10). A signal that comes with its command reaches it (C9). */
import { expect } from 'chai';
import { need, npmPackage, bundles, program } from '../require.ts';
import { daemonEnvironment } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, { runtime: string; language: string; code: string; forever: string }> = {
  native: { runtime: 'native', language: 'shellscript', code: 'echo hi', forever: 'while :; do sleep 1; done' },
  bun: { runtime: 'bun', language: 'javascript', code: 'console.log("hi")', forever: 'setInterval(() => {}, 1000)' },
  deno: { runtime: 'deno', language: 'javascript', code: 'console.log("hi")', forever: 'setInterval(() => {}, 1000)' },
};
const MOST = 16;

describe('one daemon', () => {
  before(need('the bundles', bundles));
  before(need('bubblewrap', program('bwrap')));
  before(need('deno', npmPackage('deno')));
  before(need('bun', npmPackage('bun')));

  for (const [place, { runtime, language, code, forever }] of Object.entries(places)) {
    it(`with ${MOST} sessions of ${place} and as many commands at once writes nothing to stderr (C10, V8)`, async () => {
      const client = new RawClient({ env: daemonEnvironment() });
      await client.initialize();
      const sessions: { sessionId: string }[] = await Promise.all(Array.from({ length: MOST }, () => client.request('session/create', { runtime, language })));
      const results = await Promise.all(sessions.map(({ sessionId }) => client.request('command/runCode', { sessionId, code })));
      expect(results.map(({ stdout }) => stdout)).to.deep.equal(sessions.map(() => 'hi\n'));
      const [first] = sessions;
      const again = await Promise.all(sessions.map(() => client.request('command/runCode', { ...first, code })));
      expect(again.map(({ outcome }) => outcome)).to.deep.equal(sessions.map(() => 'exited'));
      expect(await client.end()).to.equal(0);
      expect(client.stderr).to.equal('');
    });

    it(`delivers a signal that comes together with its command, in ${place} (C9)`, async () => {
      const client = new RawClient({ env: daemonEnvironment() });
      await client.initialize();
      const { sessionId } = await client.request('session/create', { runtime, language });
      for (let times = 0; times < 8; times++) {
        const signal = times % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
        const running = client.request('command/runCode', { sessionId, code: forever, commandId: `c${times}` });
        expect(await client.request('command/signal', { commandId: `c${times}`, signal })).to.equal(null);
        expect(await running).to.include({ outcome: 'signaled', signal });
      }
      expect(await client.end()).to.equal(0);
      expect(client.stderr).to.equal('');
    });
  }
});
