/** What a client asks while its debugger ends, at each point of time, in a whole daemon. Only the runtime and the debuggers are fakes. */
import { expect } from 'chai';
import type { Exit } from '../../server/src/runtime/ports.ts';
import { notification } from '../wire/wire.ts';
import { type Debugging, debugging } from './connecting.ts';

/** How a debugger comes to its end, as far as the daemon can tell. */
const ends: Record<string, (all: Debugging, exit: Exit) => void> = {
  'its program ends, and then its connection': ({ child, connection }, exit) => {
    child.exit(exit);
    connection.end();
  },
  'its connection ends, and then its program': ({ child, connection }, exit) => {
    connection.end();
    child.exit(exit);
  },
  'its program ends, and its connection does not': ({ child }, exit) => child.exit(exit),
};
const exits: Record<string, Exit> = { exits: { kind: 'exited', code: 3 }, 'is killed': { kind: 'signaled', signal: 'SIGKILL' } };
/** So many callbacks after the beginning of the end. */
const MOMENTS = [0, 1, 2, 4, 8, 16, 32, 64, 128];

/** Sends a request when `end` has begun. Resolves with what the client then receives, up to the end. */
async function asking({ daemon: { wire, server: { clock } } }: Debugging, command: string, callbacks: number, end: () => void): Promise<string[]> {
  const before = wire.received.length;
  end();
  for (let at = 0; at < callbacks; at += 1) await Promise.resolve();
  wire.send(notification('debug/message', { debugId: 'd', message: { seq: 100, type: 'request', command } }));
  // More than the last messages of a connection and a client that does not disconnect are waited for, together.
  await clock.advance(3_500);
  return wire.received.slice(before).flatMap(({ method, params }) => {
    const { event, request_seq: to, success } = params?.message ?? {};
    if (to === 100) return [success ? 'success' : 'failure'];
    return method === 'debug/ended' || event === 'terminated' ? [event ?? 'ended'] : [];
  });
}

describe('a request that comes while a debugger ends', () => {
  for (const language of ['go', 'ruby'] as const) {
    for (const [what, end] of Object.entries(ends)) {
      for (const command of ['disconnect', 'terminate', 'threads']) {
        it(`is answered before the end is told: ${command}, in ${language}, when ${what}`, async () => {
          for (const [how, exit] of Object.entries(exits)) {
            for (const callbacks of MOMENTS) {
              await debugging(language, undefined, async (all) => {
                await all.start();
                all.connect();
                await all.ask('launch');
                const told = await asking(all, command, callbacks, () => end(all, exit));
                const words = `the program ${how}, ${callbacks} callbacks later`;
                expect([...told].sort(), words).to.deep.equal(['ended', command !== 'threads' ? 'success' : told.find((each) => each === 'success') ?? 'failure', 'terminated'].sort());
                expect(told.at(-1), words).to.equal('ended');
              });
            }
          }
        });
      }
    }
  }

  it('is answered also where the debugger ends because the client has asked it to terminate the program', () => debugging('go', undefined, async (all) => {
    await all.start();
    all.connect();
    await all.ask('launch');
    expect(await all.ask('terminate')).to.include({ success: true });
    expect(all.events).to.deep.equal([['exited', 137], ['terminated', undefined]]);
    expect(await asking(all, 'disconnect', 0, () => {
      all.connection.end();
      all.child.exit();
    })).to.deep.equal(['success', 'ended']);
  }));
});
