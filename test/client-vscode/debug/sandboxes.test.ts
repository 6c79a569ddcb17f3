/** The sandboxes of programs that are debugged in VS Code: how long they stay, and what becomes of them when somebody cancels. */
import { expect } from 'chai';
import { PATIENCE_MS } from '../../../client-vscode/src/debug/waiting.ts';
import { type FakeConnection, fault, settle } from '../../fakes/connection.ts';
import { debugBench } from './bench.ts';

/** An answer that comes only when the request is cancelled. */
const neverMade: Parameters<FakeConnection['answer']>[1] = (_, token) => new Promise((_resolve, reject) => token?.onCancellationRequested(() => reject(fault('SandboxFailed', 'cancelled'))));

describe('the sandbox of a program that is debugged in VS Code', () => {
  it('is kept as that of a run is, and closed when the file is debugged again', async () => {
    const { editor, clock, open, command, connection, ended } = debugBench();
    const closed = () => connection().calls('session/close').map(({ sessionId }) => sessionId);
    await open('/w/a.py');
    await command('codebeaker.debug');
    ended({ outcome: 'exited', exitCode: 0 });
    await settle();
    expect(closed()).to.deep.equal([]);
    expect(connection().calls('session/create').map(({ label }) => label), 'a spare one is prepared').to.deep.equal(['a.py', 'a.py']);
    expect(connection().calls('command/listDirectory').map(({ sessionId }) => sessionId), 'what it made is looked for').to.deep.equal(['s1']);
    await command('codebeaker.debug');
    await clock.advance(2_000);
    expect(closed()).to.deep.equal(['s1']);
    expect(connection().calls('debug/start').map(({ sessionId }) => sessionId)).to.deep.equal(['s1', 's2']);
    editor.settings.set('codebeaker.keepSessions', 0);
    ended({ outcome: 'exited', exitCode: 0 });
    await settle();
    expect(closed()).to.deep.equal(['s1', 's2']);
  });

  it('shares the bound with those of runs', async () => {
    const { editor, open, command, connection, ended } = debugBench();
    editor.settings.set('codebeaker.keepSessions', 1);
    await open('/w/a.py');
    await command('codebeaker.debug');
    ended({ outcome: 'exited', exitCode: 0 });
    await settle();
    await open('/w/c.py');
    await command('codebeaker.run');
    expect(connection().calls('session/close').map(({ sessionId }) => sessionId)).to.include('s1');
  });

  it('takes the place of no other where there is none: it was never made, or it went with the debugger', async () => {
    const { editor, open, command, connection, ending } = debugBench();
    const closed = () => connection().calls('session/close').map(({ sessionId }) => sessionId);
    editor.settings.set('codebeaker.keepSessions', 1);
    await open('/w/a.py');
    await command('codebeaker.run');
    const create = connection().answers.get('session/create') as (params: any) => object;
    await open('/w/b.py');
    connection().answer('session/create', neverMade);
    const begun = command('codebeaker.debug');
    await settle();
    await command('codebeaker.stopAll');
    await begun;
    expect(closed()).to.deep.equal([]);
    connection().answer('session/create', create);
    ending.atDisconnect = false;
    await command('codebeaker.debug');
    const forced = connection().calls('debug/start').at(-1);
    void editor.debug.last.ask('disconnect');
    await settle();
    connection().answer('session/close', ({ sessionId }) => {
      if (sessionId === forced.sessionId) connection().tell('debug/ended', { debugId: forced.debugId, outcome: 'sandboxLost', exitCode: null });
      return { sessionId, closed: true };
    });
    editor.debug.last.adapter?.dispose();
    await settle();
    expect(closed()).to.deep.equal([forced.sessionId]);
    expect(connection().calls('command/listDirectory').map(({ sessionId }) => sessionId), 'nobody looks into it').not.to.include(forced.sessionId);
  });

  it('stays beside a run that was cancelled before it had one', async () => {
    const { editor, open, command, connection, ended } = debugBench();
    editor.settings.set('codebeaker.keepSessions', 2);
    await open('/w/a.py');
    await command('codebeaker.run');
    const create = connection().answers.get('session/create') as (params: any) => object;
    await open('/w/b.py');
    connection().answer('session/create', neverMade);
    const begun = command('codebeaker.run');
    await settle();
    await command('codebeaker.stopAll');
    await begun;
    connection().answer('session/create', create);
    await open('/w/c.py');
    await command('codebeaker.debug');
    ended({ outcome: 'exited', exitCode: 0 });
    await settle();
    expect(connection().calls('session/close')).to.deep.equal([]);
  });

  it('goes with a debugger that has begun when it is too late to cancel it', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    connection().answer('debug/start', ({ debugId }) => {
      void editor.debug.last.ask('disconnect');
      return { debugId, adapter: { name: 'debugpy', version: '1' } };
    });
    await command('codebeaker.debug');
    expect(editor.debug.last.console).to.equal('✗ stopped\n');
    expect(connection().calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
    expect(editor.context.get('codebeaker.running')).to.equal(false);
  });

  it('leaves nothing behind at a connection that is used again and again', async () => {
    const { open, command, connection, ended, asked } = debugBench();
    await open('/w/a.py');
    const waiting: number[] = [];
    let count = 0;
    await command('codebeaker.debug');
    const { ended: end } = connection();
    Object.defineProperty(connection(), 'ended', { value: { then: (...args: Parameters<typeof end.then>) => (count += 1, end.then(...args)) } });
    for (let i = 0; i < 3; i += 1) {
      ended({ outcome: 'exited', exitCode: 0 });
      await settle();
      await command('codebeaker.debug');
      waiting.push(count);
    }
    expect(waiting).to.deep.equal([0, 0, 0]);
    expect(asked('initialize')).to.have.length(4);
  });

  it('can be cancelled while it is being made, by a message after a while and by the editor’s Stop', async () => {
    const { editor, clock, open, command, connection } = debugBench();
    await open('/w/a.py');
    connection().answer('session/create', neverMade);
    const begun = command('codebeaker.debug');
    await settle();
    expect(editor.progress).to.deep.equal([]);
    connection().tell('$/progress', { token: 'id1', value: { message: 'downloading the image', percentage: 7 } });
    await clock.advance(PATIENCE_MS);
    expect(editor.progress).to.deep.equal(['a.py in a sandbox', 'downloading the image 7 %']);
    editor.progressCancelled.fire();
    await begun;
    await settle();
    expect(editor.debug.last.heard.find(({ type }) => type === 'response'), 'no dialog').to.deep.include({ success: false, body: { error: { id: 1, format: '{text}', variables: { text: 'cancelled' }, showUser: false } } });
    expect(editor.debug.last.console).to.equal('✗ stopped\n');
    const again = command('codebeaker.debug');
    await settle();
    expect(await editor.debug.last.ask('disconnect')).to.include({ success: true });
    await again;
    await settle();
    expect(editor.debug.last.console).to.equal('✗ stopped\n');
    expect(connection().calls('debug/start')).to.deep.equal([]);
    expect(editor.messages).to.deep.equal([]);
    expect(editor.context.get('codebeaker.running')).to.equal(false);
  });

  it('goes with a debugger that does not answer, when the editor gives up', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    connection().hears.delete('debug/message');
    void editor.debug.last.ask('disconnect');
    await settle();
    expect(connection().calls('session/close')).to.deep.equal([]);
    editor.debug.last.adapter?.dispose();
    await settle();
    expect(connection().calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
  });
});
