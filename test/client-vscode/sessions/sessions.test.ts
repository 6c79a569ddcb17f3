import { expect } from 'chai';
import { SessionFiles, fileUri } from '../../../client-vscode/src/sessions/files.ts';
import { openShell } from '../../../client-vscode/src/sessions/shell.ts';
import { SessionStore } from '../../../client-vscode/src/sessions/store.ts';
import { SessionTree } from '../../../client-vscode/src/sessions/tree.ts';
import type { Client } from '../../../client-vscode/src/client/client.ts';
import { Listeners } from '../../../client-vscode/src/base/listeners.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, textOf } from '../../fakes/code.ts';
import { execution, fault, FakeLink, session, settle } from '../../fakes/link.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };

function bench() {
  const code = new FakeCode();
  const clock = new FakeClock(Date.parse('2030-01-01T00:05:00Z'));
  const link = new FakeLink();
  const changes = new Listeners<FakeLink | undefined>();
  const store = new SessionStore({ onChange: (listener: never) => changes.add(listener) } as unknown as Client, clock, log, (id) => id.startsWith('spare'));
  const tree = new SessionTree(code.code, store, clock);
  const look = async () => {
    await clock.advance(100);
    await settle();
  };
  return { code, clock, link, changes, store, tree, look };
}

describe('the sessions', () => {
  it('are looked at when the daemon is there, and when it says that something changed', async () => {
    const { link, changes, store, look } = bench();
    link.answer('session/list', () => ({ sessions: [session()] }));
    changes.tell(link);
    await look();
    expect(store.sessions.map(({ sessionId }) => sessionId)).to.deep.equal(['s1']);
    link.answer('session/list', () => ({ sessions: [session(), session({ sessionId: 's2' })] }));
    for (let change = 0; change < 5; change += 1) link.tell('session/stateChanged', { sessionId: 's2', state: 'ready' });
    await look();
    expect(store.sessions).to.have.lengthOf(2);
    expect(link.calls('session/list'), 'several changes are one look').to.have.lengthOf(2);
    changes.tell(undefined);
    expect(store.sessions).to.deep.equal([]);
  });

  it('are not shown before somebody has used them', async () => {
    const { link, changes, store, look } = bench();
    link.answer('session/list', () => ({ sessions: [session({ sessionId: 'spare1' }), session()] }));
    changes.tell(link);
    await look();
    expect(store.sessions.map(({ sessionId }) => sessionId)).to.deep.equal(['s1']);
  });

  it('are not shown again when only somebody has looked into them', async () => {
    const { link, changes, store, look } = bench();
    let shown = 0;
    store.onChange(() => void (shown += 1));
    link.answer('session/list', () => ({ sessions: [session({ commandCount: shown })] }));
    changes.tell(link);
    await look();
    for (let time = 0; time < 3; time += 1) {
      link.tell('session/stateChanged', { sessionId: 's1', state: 'ready' });
      await look();
    }
    expect(shown).to.equal(1);
    link.answer('session/list', () => ({ sessions: [session({ state: 'busy' })] }));
    link.tell('session/stateChanged', { sessionId: 's1', state: 'busy' });
    await look();
    expect(shown).to.equal(2);
  });

  it('are shown with their runtime, age and limits, and below them their files', async () => {
    const { link, changes, tree, look } = bench();
    link.answer('session/list', () => ({ sessions: [session({ label: 'a.py', image: 'python:3', isolation: { score: 3, layers: [{ name: 'network', state: 'degraded' }] } })] }));
    link.answer('command/listDirectory', ({ path }) => ({
      path,
      entries: path === '/workspace'
        ? [{ name: 'b.txt', path: '/workspace/b.txt', type: 'file', size: 2048 }, { name: 'dir', path: '/workspace/dir', type: 'directory', size: 0 }]
        : [],
    }));
    changes.tell(link);
    await look();
    const [node] = await tree.getChildren();
    const item = tree.getTreeItem(node as never) as any;
    expect(item.label).to.equal('a.py');
    expect(item.description).to.equal('docker · 5 min · 512 MiB');
    expect(item.tooltip.value).to.match(/python:3/).and.to.match(/3 of 10/).and.to.match(/network \\\(degraded\\\)/);
    const files = (await tree.getChildren(node)).map((child) => tree.getTreeItem(child) as any);
    expect(files.map(({ label, description }) => [label, description])).to.deep.equal([['dir', undefined], ['b.txt', '2 KiB']]);
    expect(files[1].command.arguments[0].toString()).to.equal('codebeaker:/s1/workspace/b.txt');
  });
});

describe('files of a session', () => {
  const { code, link } = bench();
  const files = new SessionFiles(code.code, () => link);
  const uri = fileUri(code.code, 's1', '/workspace/a.bin');

  it('are read whole, in pieces', async () => {
    const content = Buffer.from('0123456789');
    link.answer('command/readFile', ({ offset }) => ({
      content: content.subarray(offset, offset + 4).toString('base64'), encoding: 'base64', size: content.length, eof: offset + 4 >= content.length,
    }));
    expect(Buffer.from(await files.readFile(uri)).toString()).to.equal('0123456789');
    expect(link.calls('command/readFile').map(({ sessionId, path, offset }) => [sessionId, path, offset])).to.deep.equal([
      ['s1', '/workspace/a.bin', 0], ['s1', '/workspace/a.bin', 4], ['s1', '/workspace/a.bin', 8],
    ]);
  });

  it('are not read when they are too large', async () => {
    link.answer('command/readFile', () => ({ content: '', encoding: 'base64', size: 2 ** 30, eof: false }));
    expect((await files.readFile(uri).catch((thrown: unknown) => thrown as any)).code).to.equal('Unavailable');
  });

  it('have a type and a size', async () => {
    link.answer('command/listDirectory', () => ({ entries: [{ name: 'a.bin', path: '/workspace/a.bin', type: 'file', size: 3, mtimeMs: 9 }] }));
    expect(await files.stat(uri)).to.deep.equal({ type: 1, ctime: 9, mtime: 9, size: 3, permissions: 1 });
    expect(await files.readDirectory(fileUri(code.code, 's1', '/workspace'))).to.deep.equal([['a.bin', 1]]);
    expect((await files.stat(fileUri(code.code, 's1', '/workspace/no')).catch((thrown: unknown) => thrown as any)).code).to.equal('FileNotFound');
  });

  it('say when the session is gone', async () => {
    link.answer('command/readFile', () => {
      throw fault('SessionNotFound');
    });
    expect((await files.readFile(uri).catch((thrown: unknown) => thrown as any)).code).to.equal('FileNotFound');
  });

  it('can’t be changed', () => {
    for (const change of ['createDirectory', 'writeFile', 'delete', 'rename'] as const) {
      expect(() => files[change](uri)).to.throw('NoPermissions');
    }
  });
});

describe('a shell in a session', () => {
  const parts = (code: FakeCode) => ({ code: code.code, clock: new FakeClock(), newId: () => 'c1', random: () => 1 });

  it('is a terminal that goes with it', async () => {
    const { code, link } = bench();
    link.answer('command/executeShell', () => {
      link.output('c1', 0, '$ ', 'pty');
      return execution();
    });
    await openShell(link, session({ label: 'a.py' }), parts(code));
    expect(code.terminals[0]?.name).to.equal('Shell: a.py');
    expect(code.terminals[0]?.closedWith).to.equal(0);
    expect(link.calls('command/executeShell')[0]).to.deep.include({ sessionId: 's1', pty: { cols: 100, rows: 30 } });
  });

  it('says why there is none', async () => {
    const { code, link } = bench();
    link.answer('command/executeShell', () => {
      throw fault('SessionClosed', 'the session is closed');
    });
    await openShell(link, session(), parts(code));
    expect(textOf(code.terminals[0] as never)).to.match(/the session is closed/);
    expect(code.terminals[0]?.closedWith).to.equal(undefined);
  });
});
