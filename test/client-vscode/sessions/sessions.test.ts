import { expect } from 'chai';
import { fileUri } from '../../../client-vscode/src/base/session-uri.ts';
import { Made } from '../../../client-vscode/src/sessions/made.ts';
import { SessionFiles } from '../../../client-vscode/src/sessions/files.ts';
import { openShell } from '../../../client-vscode/src/sessions/shell.ts';
import { SessionStore } from '../../../client-vscode/src/sessions/store.ts';
import { SessionTree } from '../../../client-vscode/src/sessions/tree.ts';
import type { Client } from '../../../client-vscode/src/client/client.ts';
import { Listeners } from '../../../client-vscode/src/base/listeners.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, textOf } from '../../fakes/code.ts';
import { FakeDisk } from '../../fakes/disk.ts';
import { execution, fault, FakeConnection, session, settle } from '../../fakes/connection.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };

function bench() {
  const code = new FakeCode();
  const clock = new FakeClock(Date.parse('2030-01-01T00:05:00Z'));
  const connection = new FakeConnection();
  const changes = new Listeners<FakeConnection | undefined>();
  const client = { onChange: (listener: never) => changes.add(listener) } as unknown as Client;
  const store = new SessionStore({ client, clock, log, isHidden: (id) => id.startsWith('spare') });
  const made = new Made({ code: code.code, disk: new FakeDisk(), log, connection: () => store.connection });
  const tree = new SessionTree(code.code, store, clock, made);
  const refreshed = async () => {
    await clock.advance(100);
    await settle();
  };
  return { code, clock, connection, changes, store, tree, refreshed };
}

describe('the sessions', () => {
  it('are listed when the daemon is ready, and again when it says that one has changed', async () => {
    const { connection, changes, store, refreshed } = bench();
    connection.answer('session/list', () => ({ sessions: [session()] }));
    changes.tell(connection);
    await refreshed();
    expect(store.sessions.map(({ sessionId }) => sessionId)).to.deep.equal(['s1']);
    connection.answer('session/list', () => ({ sessions: [session(), session({ sessionId: 's2' })] }));
    for (let change = 0; change < 5; change += 1) connection.tell('session/stateChanged', { sessionId: 's2', state: 'ready' });
    await refreshed();
    expect(store.sessions).to.have.lengthOf(2);
    expect(connection.calls('session/list'), 'several changes are one refreshed').to.have.lengthOf(2);
    changes.tell(undefined);
    expect(store.sessions).to.deep.equal([]);
  });

  it('are hidden while they are spares', async () => {
    const { connection, changes, store, refreshed } = bench();
    connection.answer('session/list', () => ({ sessions: [session({ sessionId: 'spare1' }), session()] }));
    changes.tell(connection);
    await refreshed();
    expect(store.sessions.map(({ sessionId }) => sessionId)).to.deep.equal(['s1']);
  });

  it('are not told as changed if nothing that is shown has changed', async () => {
    const { connection, changes, store, refreshed } = bench();
    let shown = 0;
    store.onChange(() => void (shown += 1));
    connection.answer('session/list', () => ({ sessions: [session({ commandCount: shown })] }));
    changes.tell(connection);
    await refreshed();
    for (let time = 0; time < 3; time += 1) {
      connection.tell('session/stateChanged', { sessionId: 's1', state: 'ready' });
      await refreshed();
    }
    expect(shown).to.equal(1);
    connection.answer('session/list', () => ({ sessions: [session({ state: 'busy' })] }));
    connection.tell('session/stateChanged', { sessionId: 's1', state: 'busy' });
    await refreshed();
    expect(shown).to.equal(2);
  });

  it('are shown with their runtime, age, limits and files', async () => {
    const { connection, changes, tree, refreshed } = bench();
    connection.answer('session/list', () => ({ sessions: [session({ label: 'a.py', image: 'python:3', runtimeReason: 'it starts soon', isolation: { score: 3, layers: [{ name: 'network', state: 'degraded' }] } })] }));
    connection.answer('command/listDirectory', ({ path }) => ({
      path,
      entries: path === '/workspace'
        ? [{ name: 'b.txt', path: '/workspace/b.txt', type: 'file', size: 2048 }, { name: 'dir', path: '/workspace/dir', type: 'directory', size: 0 }]
        : [],
    }));
    changes.tell(connection);
    await refreshed();
    const [node] = await tree.getChildren();
    const item = tree.getTreeItem(node as never) as any;
    expect(item.label).to.equal('a.py');
    expect(item.description).to.equal('docker · 5 min · 512 MiB');
    expect(item.tooltip.value).to.match(/python:3/).and.to.match(/Why this runtime \| it starts soon/).and.to.match(/3 of 10/).and.to.match(/network \\\(degraded\\\)/);
    const files = (await tree.getChildren(node)).map((child) => tree.getTreeItem(child) as any);
    expect(files.map(({ label, description }) => [label, description])).to.deep.equal([['dir', undefined], ['b.txt', '2 KiB']]);
    expect(files[1].command.arguments[0].toString()).to.equal('codebeaker:/s1/workspace/b.txt');
  });
});

describe('files of a session', () => {
  const { code, connection } = bench();
  const files = new SessionFiles(code.code, () => connection);
  const uri = fileUri(code.code, 's1', '/workspace/a.bin');

  it('are read in pieces', async () => {
    const content = Buffer.from('0123456789');
    connection.answer('command/readFile', ({ offset }) => ({
      content: content.subarray(offset, offset + 4).toString('base64'), encoding: 'base64', size: content.length, eof: offset + 4 >= content.length,
    }));
    expect(Buffer.from(await files.readFile(uri)).toString()).to.equal('0123456789');
    expect(connection.calls('command/readFile').map(({ sessionId, path, offset }) => [sessionId, path, offset])).to.deep.equal([
      ['s1', '/workspace/a.bin', 0], ['s1', '/workspace/a.bin', 4], ['s1', '/workspace/a.bin', 8],
    ]);
  });

  it('are not read if they are too large', async () => {
    connection.answer('command/readFile', () => ({ content: '', encoding: 'base64', size: 2 ** 30, eof: false }));
    expect((await files.readFile(uri).catch((thrown: unknown) => thrown as any)).code).to.equal('Unavailable');
  });

  it('have a type and a size', async () => {
    connection.answer('command/listDirectory', () => ({ entries: [{ name: 'a.bin', path: '/workspace/a.bin', type: 'file', size: 3, mtimeMs: 9 }] }));
    expect(await files.stat(uri)).to.deep.equal({ type: 1, ctime: 9, mtime: 9, size: 3, permissions: 1 });
    expect(await files.readDirectory(fileUri(code.code, 's1', '/workspace'))).to.deep.equal([['a.bin', 1]]);
    expect((await files.stat(fileUri(code.code, 's1', '/workspace/no')).catch((thrown: unknown) => thrown as any)).code).to.equal('FileNotFound');
  });

  it('are not found if the session is closed', async () => {
    connection.answer('command/readFile', () => {
      throw fault('SessionNotFound');
    });
    expect((await files.readFile(uri).catch((thrown: unknown) => thrown as any)).code).to.equal('FileNotFound');
  });

  it('are read-only', () => {
    for (const change of ['createDirectory', 'writeFile', 'delete', 'rename'] as const) {
      expect(() => files[change](uri)).to.throw('NoPermissions');
    }
  });
});

describe('a shell in a session', () => {
  const parts = (code: FakeCode) => ({ code: code.code, clock: new FakeClock(), newId: () => 'c1', random: () => 1 });

  it('has a terminal that closes when the shell ends', async () => {
    const { code, connection } = bench();
    connection.answer('command/executeShell', () => {
      connection.output('c1', 0, '$ ', 'pty');
      return execution();
    });
    await openShell(connection, session({ label: 'a.py' }), parts(code));
    expect(code.terminals[0]?.name).to.equal('Shell: a.py');
    expect(code.terminals[0]?.closedWith).to.equal(0);
    expect(connection.calls('command/executeShell')[0]).to.deep.include({ sessionId: 's1', pty: { cols: 100, rows: 30 } });
  });

  it('shows why it could not be started', async () => {
    const { code, connection } = bench();
    connection.answer('command/executeShell', () => {
      throw fault('SessionClosed', 'the session is closed');
    });
    await openShell(connection, session(), parts(code));
    expect(textOf(code.terminals[0] as never)).to.match(/the session is closed/);
    expect(code.terminals[0]?.closedWith).to.equal(undefined);
  });
});
