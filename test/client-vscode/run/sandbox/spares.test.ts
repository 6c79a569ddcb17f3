import { expect } from 'chai';
import { CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/node';
import { noOptions } from '../../../../client-vscode/src/run/source/options.ts';
import type { SandboxSpec } from '../../../../client-vscode/src/run/sandbox/session-params.ts';
import { MAX_AGE_MS, MAX_SPARES, Spares } from '../../../../client-vscode/src/run/sandbox/spares.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { Uri } from '../../../fakes/code.ts';
import { FakeDisk } from '../../../fakes/disk.ts';
import { fault, FakeConnection, session, settle } from '../../../fakes/connection.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };

function bench() {
  const clock = new FakeClock();
  const disk = new FakeDisk();
  disk.files.set('a.py', 'own').set('b.py', 'beside').set('lib/', '').set('lib/c.py', 'below');
  const connection = new FakeConnection();
  let sessions = 0;
  connection.answer('session/create', () => session({ sessionId: `s${(sessions += 1)}` }));
  connection.answer('command/deleteFile', ({ path }) => ({ path, deleted: true }));
  const spares = new Spares({ clock, disk, log });
  const prepare = async (ask = asking()) => {
    spares.prepare(connection, ask);
    await settle();
  };
  const take = (ask = asking(), from = connection, token = CancellationToken.None) => spares.take(from, ask, token);
  return { clock, disk, connection, spares, prepare, take };
}

function asking(more: object = {}, path = 'a.py'): SandboxSpec {
  const source = { uri: Uri.file(`/w/${path}`), language: 'python', text: 'code', path, name: path, folder: Uri.file('/w'), virtual: false };
  return { source, options: noOptions, profile: {}, strict: false, ...more } as unknown as SandboxSpec;
}

const closed = (connection: FakeConnection) => connection.calls('session/close').map(({ sessionId }) => sessionId);

describe('a sandbox made ahead', () => {
  it('is there for the next run of the file, once', async () => {
    const { connection, spares, prepare, take } = bench();
    await prepare();
    expect(connection.calls('session/create')).to.deep.equal([
      { language: 'python', label: 'a.py', env: { TERM: 'xterm-256color' }, strict: false, workspace: { uri: 'file:///w', access: 'copy' } },
    ]);
    expect(spares.has('s1')).to.equal(true);
    expect((await take())?.sessionId).to.equal('s1');
    expect(spares.has('s1')).to.equal(false);
    expect(await take()).to.equal(undefined);
    expect(connection.sent.map(({ method }) => method)).to.deep.equal(['session/create']);
  });

  it('is waited for, where it is still being made', async () => {
    const { connection, spares, take } = bench();
    let made: (value: object) => void = () => undefined;
    connection.answer('session/create', () => new Promise((resolve) => (made = resolve)));
    spares.prepare(connection, asking());
    await settle();
    const taken = take();
    made(session({ sessionId: 'late' }));
    expect((await taken)?.sessionId).to.equal('late');
  });

  it('is for nobody who asks for anything else', async () => {
    const { prepare, take } = bench();
    await prepare();
    const others = [asking({ strict: true }), asking({ options: { args: [], env: { A: 'b' } } }), asking({ profile: { image: 'mine' } }), asking({}, 'b.py')];
    for (const other of others) expect(await take(other)).to.equal(undefined);
    expect(await take(asking(), new FakeConnection())).to.equal(undefined);
    expect((await take(asking({ options: { args: ['x'], env: {}, stdin: 'in' } })))?.sessionId).to.equal('s1');
  });

  it('gets what has changed meanwhile, but for the text that is run', async () => {
    const { disk, connection, prepare, take } = bench();
    disk.files.set('gone.py', '');
    await prepare();
    disk.files.set('a.py', 'saved').set('lib/c.py', '#!changed').set('new.py', 'new');
    disk.files.delete('gone.py');
    expect((await take())?.sessionId).to.equal('s1');
    const text = (content: string) => Buffer.from(content).toString('base64');
    expect(connection.calls('command/writeFile')).to.deep.equal([
      { sessionId: 's1', path: 'lib/c.py', content: text('#!changed'), encoding: 'base64', executable: true },
      { sessionId: 's1', path: 'new.py', content: text('new'), encoding: 'base64', executable: false },
    ]);
    expect(connection.calls('command/deleteFile')).to.deep.equal([{ sessionId: 's1', path: 'gone.py', force: true }]);
  });

  const toMuchChange: Record<string, (disk: FakeDisk) => unknown> = {
    'too many files': (disk) => Array.from({ length: 17 }, (_, n) => disk.files.set(`${n}.py`, '')),
    'a file that is too large': (disk) => disk.files.set('b.py', 'x'.repeat(1024 * 1024 + 1)),
    'a folder': (disk) => disk.files.set('more/', ''),
    'more than anybody looks through': (disk) => (disk.tooLarge = true),
  };
  for (const [what, change] of Object.entries(toMuchChange)) {
    it(`is given up when what has changed is ${what}`, async () => {
      const { disk, connection, spares, prepare, take } = bench();
      await prepare();
      change(disk);
      expect(await take()).to.equal(undefined);
      await settle();
      expect(closed(connection)).to.deep.equal(['s1']);
      expect(spares.has('s1')).to.equal(false);
    });
  }

  it('is given up when it takes no more files', async () => {
    const { disk, connection, prepare, take } = bench();
    await prepare();
    disk.files.set('b.py', 'changed');
    connection.answer('command/writeFile', () => {
      throw fault('SessionClosed');
    });
    expect(await take()).to.equal(undefined);
  });

  it('is not waited for by who turns away', async () => {
    const { connection, spares, take } = bench();
    connection.answer('session/create', (_, token) => new Promise((__, reject) => {
      token?.onCancellationRequested(() => reject(fault('RequestCancelled')));
    }));
    spares.prepare(connection, asking());
    await settle();
    const cancel = new CancellationTokenSource();
    const taken = take(asking(), connection, cancel.token);
    cancel.cancel();
    expect(await taken).to.equal(undefined);
  });

  it('is none of a folder that is too large', async () => {
    const { disk, connection, prepare } = bench();
    disk.tooLarge = true;
    await prepare();
    expect(connection.calls('session/create')).to.have.lengthOf(0);
  });

  it('needs no folder', async () => {
    const { disk, connection, prepare, take } = bench();
    const { source, ...rest } = asking();
    const alone = { ...rest, source: { ...source, folder: undefined } };
    disk.tooLarge = true;
    await prepare(alone);
    expect(connection.calls('session/create')[0]).not.to.have.property('workspace');
    expect((await take(alone))?.sessionId).to.equal('s1');
    expect(connection.calls('command/writeFile')).to.deep.equal([]);
  });

  it('goes after a while, and with it whatever it left to the clock', async () => {
    const { clock, connection, prepare, take } = bench();
    await prepare();
    await clock.advance(MAX_AGE_MS);
    expect(closed(connection)).to.deep.equal(['s1']);
    expect(await take()).to.equal(undefined);
    await prepare();
    await take();
    expect(clock.pending).to.equal(0);
  });

  it('goes when a newer one of its file, or too many of others, are made', async () => {
    const { connection, prepare } = bench();
    await prepare();
    await prepare(asking({ strict: true }));
    expect(closed(connection)).to.deep.equal(['s1']);
    for (let other = 0; other < MAX_SPARES; other += 1) await prepare(asking({}, `other${other}.py`));
    expect(closed(connection)).to.deep.equal(['s1', 's2']);
  });

  it('goes with its document, also when it has not come yet', async () => {
    const { connection, spares, prepare } = bench();
    spares.prepare(connection, asking());
    spares.discardOf('file:///w/a.py');
    await settle();
    expect(closed(connection)).to.deep.equal(['s1']);
    await prepare();
    expect(await spares.discardAll()).to.equal(true);
    expect(closed(connection)).to.deep.equal(['s1', 's2']);
    expect(await spares.discardAll()).to.equal(false);
  });
});
