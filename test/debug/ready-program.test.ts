/** Adapters that wait for one program, and connect, in a whole daemon whose runtime and debuggers are fakes. */
import { expect } from 'chai';
import { type Debugging, debugging } from './connecting.ts';

const QUIET_MS = 300;
/** A configuration that has sandboxes prepared. */
const prepares = { pool: { other: { ruby: 1 } } };

async function quiet({ daemon }: Debugging): Promise<void> {
  await daemon.server.clock.advance(QUIET_MS);
  await daemon.settle();
}

/** Debugs this from the beginning to the end. The adapter connects, unless it has waited and is connected. */
async function once(all: Debugging, params: object): Promise<void> {
  await all.daemon.result('debug/start', { sessionId: all.sessionId, debugId: 'd', ...params });
  if (all.sandbox.accept) all.connect();
  await all.ask('disconnect');
  all.connection.destroy();
  all.child.exit();
  await all.daemon.settle();
}

/** Runs a test in a session in which a file was debugged, and where an adapter waits for that. */
const waiting = (test: (all: Debugging) => Promise<void>) => () => debugging('ruby', undefined, async (all) => {
  await all.daemon.result('command/writeFile', { sessionId: all.sessionId, path: 'main.fake', content: 'text' });
  await once(all, { path: 'main.fake', args: ['x'] });
  await quiet(all);
  expect(all.children).to.have.length(2);
  all.connect();
  await all.daemon.settle();
  await test(all);
}, {}, prepares);

describe('a debug adapter that waits for one program', () => {
  it('is started as for that program, and told nothing', waiting(async (all) => {
    const [first, second] = all.children;
    const without = (text: string) => text.replaceAll(/\/tmp\/\.codebeaker-\w+/g, '/scratch');
    expect((second?.program.command as string[]).map(without)).to.deep.equal((first?.program.command as string[]).map(without));
    expect(second?.program).to.deep.include({ cwd: first?.program.cwd, env: first?.program.env });
    const before = all.heard.length;
    await quiet(all);
    expect(all.heard).to.have.length(before);
  }));

  it('debugs it the next time, and what the program prints is told', waiting(async (all) => {
    await all.daemon.result('debug/start', { sessionId: all.sessionId, debugId: 'd', path: 'main.fake', args: ['x'] });
    expect(all.children).to.have.length(2);
    expect(await all.ask('initialize')).to.include({ success: true });
    await all.child.raw('printed');
    await all.daemon.settle();
    expect(all.events).to.deep.include(['output', 'printed']);
    all.connection.destroy();
    all.child.exit({ kind: 'exited', code: 3 });
    await all.daemon.settle();
    expect(all.events).to.deep.include(['exited', 3]);
    await all.left();
  }));

  const others: Record<string, object> = {
    'other arguments': { path: 'main.fake', args: ['y'] },
    'another folder': { path: 'main.fake', args: ['x'], cwd: '/tmp' },
    'a stop at its entry': { path: 'main.fake', args: ['x'], stopOnEntry: true },
    'a text as its program': { code: 'text', args: ['x'] },
  };
  for (const [what, params] of Object.entries(others)) {
    it(`is ended where ${what} is asked for`, waiting(async (all) => {
      await all.daemon.result('debug/start', { sessionId: all.sessionId, debugId: 'd', ...params });
      expect(all.children.map(({ kills }) => kills.length > 0)).to.deep.equal([true, true, false]);
    }));
  }

  it('does not wait for a text, whose file is gone', () => debugging('ruby', undefined, async (all) => {
    await once(all, { code: 'text' });
    await quiet(all);
    expect(all.children).to.have.length(1);
  }, {}, prepares));

  for (const [session, { args, has, more }] of Object.entries({
    'waits in a new session that has the program': { args: [], has: true, more: 1 },
    'does not wait in a new session that has not got the program': { args: [], has: false, more: 0 },
    'does not wait in a new session with the arguments of another one': { args: ['secret'], has: true, more: 0 },
  })) {
    it(session, waiting(async (all) => {
      await once(all, { path: 'main.fake', args });
      await quiet(all);
      const before = all.children.length;
      const sessionId = await all.daemon.session({ language: 'ruby' });
      if (has) await all.daemon.result('command/writeFile', { sessionId, path: 'main.fake', content: 'text' });
      await quiet(all);
      expect(all.children).to.have.length(before + more);
    }));
  }

  it('that has ended is not used', waiting(async (all) => {
    all.child.exit();
    await all.daemon.settle();
    await all.daemon.result('debug/start', { sessionId: all.sessionId, debugId: 'd', path: 'main.fake', args: ['x'] });
    expect(all.children).to.have.length(3);
  }));
});
