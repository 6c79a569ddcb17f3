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
  const prepare = async (spec = specOf()) => {
    spares.prepare(connection, spec);
    await settle();
  };
  const take = (spec = specOf(), from = connection, token = CancellationToken.None) => spares.take(from, spec, token);
  return { clock, disk, connection, spares, prepare, take };
}

function specOf(more: object = {}, path = 'a.py'): SandboxSpec {
  const source = { uri: Uri.file(`/w/${path}`), language: 'python', text: 'code', path, name: path, folder: Uri.file('/w'), withheld: undefined, cwd: '.' };
  return { source, options: noOptions, profile: {}, strict: false, ...more } as unknown as SandboxSpec;
}

const closed = (connection: FakeConnection) => connection.calls('session/close').map(({ sessionId }) => sessionId);

describe('a spare sandbox', () => {
  it('is taken by the next run of the file, only once', async () => {
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

  it('is awaited if it is still being made', async () => {
    const { connection, spares, take } = bench();
    let made: (value: object) => void = () => undefined;
    connection.answer('session/create', () => new Promise((resolve) => (made = resolve)));
    spares.prepare(connection, specOf());
    await settle();
    const taken = take();
    made(session({ sessionId: 'late' }));
    expect((await taken)?.sessionId).to.equal('late');
  });

  it('is not taken by a run with other parameters', async () => {
    const { prepare, take } = bench();
    await prepare();
    const others = [specOf({ strict: true }), specOf({ options: { args: [], env: { A: 'b' } } }), specOf({ profile: { image: 'mine' } }), specOf({}, 'b.py')];
    for (const other of others) expect(await take(other)).to.equal(undefined);
    expect(await take(specOf(), new FakeConnection())).to.equal(undefined);
    expect((await take(specOf({ options: { args: ['x'], env: {}, stdin: 'in' } })))?.sessionId).to.equal('s1');
  });

  it('gets the files that have changed since, except the one that is run', async () => {
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

  const tooMuchChange: Record<string, (disk: FakeDisk) => unknown> = {
    'too many files have': (disk) => Array.from({ length: 17 }, (_, n) => disk.files.set(`${n}.py`, '')),
    'a file that is too large has': (disk) => disk.files.set('b.py', 'x'.repeat(1024 * 1024 + 1)),
    'the folders have': (disk) => disk.files.set('more/', ''),
    'the folder has become too large and has': (disk) => (disk.tooLarge = true),
  };
  for (const [what, change] of Object.entries(tooMuchChange)) {
    it(`is discarded if ${what} changed`, async () => {
      const { disk, connection, spares, prepare, take } = bench();
      await prepare();
      change(disk);
      expect(await take()).to.equal(undefined);
      await settle();
      expect(closed(connection)).to.deep.equal(['s1']);
      expect(spares.has('s1')).to.equal(false);
    });
  }

  it('is discarded if it does not take the changed files', async () => {
    const { disk, connection, prepare, take } = bench();
    await prepare();
    disk.files.set('b.py', 'changed');
    connection.answer('command/writeFile', () => {
      throw fault('SessionClosed');
    });
    expect(await take()).to.equal(undefined);
  });

  it('is not awaited any longer after a cancellation', async () => {
    const { connection, spares, take } = bench();
    connection.answer('session/create', (_, token) => new Promise((__, reject) => {
      token?.onCancellationRequested(() => reject(fault('RequestCancelled')));
    }));
    spares.prepare(connection, specOf());
    await settle();
    const cancel = new CancellationTokenSource();
    const taken = take(specOf(), connection, cancel.token);
    cancel.cancel();
    expect(await taken).to.equal(undefined);
  });

  it('is not made if the folder is too large', async () => {
    const { disk, connection, prepare } = bench();
    disk.tooLarge = true;
    await prepare();
    expect(connection.calls('session/create')).to.have.lengthOf(0);
  });

  it('can be without a folder', async () => {
    const { disk, connection, prepare, take } = bench();
    const { source, ...rest } = specOf();
    const alone = { ...rest, source: { ...source, folder: undefined } };
    disk.tooLarge = true;
    await prepare(alone);
    expect(connection.calls('session/create')[0]).not.to.have.property('workspace');
    expect((await take(alone))?.sessionId).to.equal('s1');
    expect(connection.calls('command/writeFile')).to.deep.equal([]);
  });

  it('is discarded after a while, and leaves no timer', async () => {
    const { clock, connection, prepare, take } = bench();
    await prepare();
    await clock.advance(MAX_AGE_MS);
    expect(closed(connection)).to.deep.equal(['s1']);
    expect(await take()).to.equal(undefined);
    await prepare();
    await take();
    expect(clock.pending).to.equal(0);
  });

  it('is discarded when a newer one of its file, or too many of other files, are made', async () => {
    const { connection, prepare } = bench();
    await prepare();
    await prepare(specOf({ strict: true }));
    expect(closed(connection)).to.deep.equal(['s1']);
    for (let other = 0; other < MAX_SPARES; other += 1) await prepare(specOf({}, `other${other}.py`));
    expect(closed(connection)).to.deep.equal(['s1', 's2']);
  });

  it('is discarded with its document, even while it is being made', async () => {
    const { connection, spares, prepare } = bench();
    spares.prepare(connection, specOf());
    spares.discardOf('file:///w/a.py');
    await settle();
    expect(closed(connection)).to.deep.equal(['s1']);
    await prepare();
    expect(await spares.discardAll()).to.equal(true);
    expect(closed(connection)).to.deep.equal(['s1', 's2']);
    expect(await spares.discardAll()).to.equal(false);
  });
});
