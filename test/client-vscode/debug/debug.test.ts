/** What a person sees of a program that is debugged, with a fake editor and a fake daemon. */
import { expect } from 'chai';
import { deferred } from '../../../server/src/base/promises.ts';
import { type FakeConnection, fault, settle } from '../../fakes/connection.ts';
import { debugConfigurations } from '../../../client-vscode/src/debug/configurations.ts';
import { debugBench } from './bench.ts';

describe('Debug in Sandbox', () => {
  it('debugs the text in the editor in a sandbox with its folder, and passes messages on', async () => {
    const { editor, connection, open, command, asked, event } = debugBench();
    await open('/w/a.py', 'python', 'print(1)');
    await command('codebeaker.debug');
    expect(editor.debug.started).to.deep.equal([{
      folder: editor.folders[0], options: { suppressSaveBeforeStart: true },
      configuration: { type: 'codebeaker', request: 'launch', name: 'a.py', program: '/w/a.py', internalConsoleOptions: 'openOnSessionStart' },
    }]);
    expect(connection().calls('session/create')[0]).to.deep.include({ language: 'python', workspace: { uri: 'file:///w', access: 'copy' } });
    expect(connection().calls('command/writeFile')[0]).to.deep.include({ path: 'a.py', content: 'print(1)' });
    expect(connection().calls('debug/start')[0]).to.deep.include({
      sessionId: 's1', path: 'a.py', language: 'python', cwd: '.', args: [], stopOnEntry: false, justMyCode: true, timeoutMs: 0,
      pathMappings: [{ client: '/w/a.py', sandbox: '/workspace/a.py' }, { client: '/w', sandbox: '/workspace' }],
    });
    const { last } = editor.debug;
    expect(last.heard).to.deep.equal([{ seq: 1, type: 'response', request_seq: 1, success: true, command: 'initialize', body: { supportsConfigurationDoneRequest: true } }]);
    expect(await last.ask('threads')).to.deep.include({ success: true, body: { threads: [] } });
    expect(asked('threads')).to.have.length(1);
    event('stopped', { reason: 'step', threadId: 1 });
    expect(last.events('stopped')).to.deep.equal([{ reason: 'step', threadId: 1 }]);
    expect(editor.messages).to.deep.equal([]);
  });

  it('says how the program ended before the editor stops to listen', async () => {
    const { editor, open, command, event, ended, says, ending } = debugBench();
    ending.atDisconnect = false;
    await open('/w/a.py');
    await command('codebeaker.debug');
    const { last } = editor.debug;
    event('exited', { exitCode: 3 });
    event('terminated');
    event('terminated');
    const gone = last.ask('silent');
    const left = last.ask('disconnect');
    await settle();
    expect(last.heard.filter(({ command: name }) => name === 'disconnect'), 'before it is known how it ended').to.deep.equal([]);
    ended({ outcome: 'exited', exitCode: 3 });
    expect(await left).to.include({ success: true, command: 'disconnect' });
    expect(await gone).to.deep.include({ success: false, message: 'The program has ended.' });
    says({ type: 'event', event: 'output', body: { output: 'too late' } });
    expect(last.console).to.equal('✗ exited with code 3 · docker\n');
    expect(last.events('terminated')).to.have.length(1);
    expect(await last.ask('disconnect'), 'once more').to.include({ success: true });
    expect(await last.ask('threads')).to.include({ success: false });
  });

  it('tells which limit ended it', async () => {
    const { editor, open, command, ended } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    ended({ outcome: 'memoryLimit', exitCode: null });
    await settle();
    expect(editor.debug.last.console).to.match(/✗ stopped: it used more than 512 MiB of memory/);
    expect(editor.debug.last.events('terminated')).to.have.length(1);
  });

  it('counts as a program that runs: Stop ends it, and only it', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    expect([editor.context.get('codebeaker.running'), editor.context.get('codebeaker.editorRunning')]).to.deep.equal([true, true]);
    await open('/w/b.py');
    expect(editor.context.get('codebeaker.editorRunning')).to.equal(false);
    await command('codebeaker.debug');
    await command('codebeaker.stop', editor.documents[0]?.uri);
    expect(editor.debug.sessions.map(({ console }) => /✗ stopped/.test(console))).to.deep.equal([true, false]);
    expect(connection().calls('debug/message').filter(({ message }) => message.command === 'disconnect').map(({ debugId }) => debugId)).to.deep.equal([connection().calls('debug/start')[0].debugId]);
    await command('codebeaker.stopAll');
    expect(editor.context.get('codebeaker.running')).to.equal(false);
  });

  it('starts anew when the editor restarts it, with the text of then', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py', 'python', 'one');
    await command('codebeaker.debug');
    const { last } = editor.debug;
    await last.ask('disconnect', { restart: true });
    editor.documents.pop();
    await open('/w/a.py', 'python', 'two');
    editor.debug.connect(last);
    expect(await last.ask('initialize')).to.include({ success: true });
    expect(connection().calls('command/writeFile').map(({ content }) => content)).to.deep.equal(['one', 'two']);
    expect(editor.context.get('codebeaker.editorRunning')).to.equal(true);
  });

  it('ends with a message when the daemon dies', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    const asked = editor.debug.last.ask('silent');
    connection().die();
    expect(await asked).to.include({ success: false });
    await settle();
    expect(editor.debug.last.console).to.equal('the daemon ended while it ran; run it again\n');
    expect(editor.debug.last.events('terminated')).to.have.length(1);
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['The daemon ended while a.py was debugged. Debug it again.']);
    expect(editor.context.get('codebeaker.running')).to.equal(false);
  });

  it('says what is missing where a language can not be debugged, with a button that runs the file', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    connection().answer('debug/start', () => {
      throw fault('DebugUnavailable', 'Python has no debugpy; install it');
    });
    editor.press = 'Run in Sandbox';
    await command('codebeaker.debug');
    expect(editor.messages).to.deep.equal([{ kind: 'warning', message: 'a.py can’t be debugged: Python has no debugpy; install it', buttons: ['Run in Sandbox', 'Doctor'] }]);
    expect(editor.executed).to.include('codebeaker.run');
    expect(connection().calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
    expect(editor.debug.last.heard.find(({ type }) => type === 'response')?.body.error.showUser, 'no dialog').to.equal(false);
  });

  it('says so at once of a language without a debugger, and of code that can not be run at all', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.cs', 'csharp');
    await command('codebeaker.debug');
    await open('/w/a.md', 'markdown');
    await command('codebeaker.debug');
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['a.cs can’t be debugged: CodeBeaker has no debugger for csharp.', 'Code of the language markdown can’t be run in a sandbox.']);
    expect([editor.debug.started, connection().calls('session/create')]).to.deep.equal([[], []]);
  });

  it('debugs a language that only a daemon elsewhere can debug', async () => {
    const { editor, open, command } = debugBench({ debug: { languages: ['csharp'] } });
    await open('/w/a.cs', 'csharp');
    await command('codebeaker.debug');
    expect(editor.debug.started).to.have.length(1);
  });

  it('says in Restricted Mode that the editor debugs nothing, and offers to run instead', async () => {
    const { editor, open, command } = debugBench();
    editor.trusted = false;
    await open('/w/a.py');
    editor.press = 'Run in Sandbox';
    await command('codebeaker.debug');
    expect(editor.messages[0]).to.deep.equal({ kind: 'warning', message: 'The editor debugs nothing in Restricted Mode. a.py can be run in a sandbox all the same.', buttons: ['Run in Sandbox', 'Manage Trust'] });
    expect([editor.debug.started, editor.executed]).to.deep.equal([[], ['codebeaker.run']]);
  });

  it('says why a sandbox can not be had', async () => {
    const { editor, open, command, connection } = debugBench();
    await open('/w/a.py');
    connection().answer('session/create', () => {
      throw fault('RuntimeUnavailable', 'no runtime');
    });
    await command('codebeaker.debug');
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['a.py could not be run. Its output says why.']);
    expect(editor.debug.last.console).to.equal('no runtime\n');
  });
});

describe('what a debugger says in VS Code', () => {
  it('is never a request, a link, or a button that runs a command', async () => {
    const { editor, open, command, says, asked } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    const { last } = editor.debug;
    says({ type: 'request', command: 'runInTerminal', arguments: { args: ['sh'] } });
    const answer = last.ask('silent');
    await settle();
    says({
      type: 'response', request_seq: asked('silent')[0]?.seq, success: false, command: 'silent', message: 'x',
      body: { error: { id: 7, format: 'see [here]({where}) {other}', variables: { where: 'command:rm' }, showUser: true, url: 'command:rm', urlLabel: 'OK' } },
    });
    expect(await answer).to.deep.include({ message: 'see [here] (command:rm) {other}', body: { error: { id: 1, format: '{text}', variables: { text: 'see [here] (command:rm) {other}' }, showUser: false } } });
    expect(last.heard.filter(({ type }) => type === 'request')).to.deep.equal([]);
  });

  it('leads from an error to the innermost place in the person’s own files', async () => {
    const { editor, open, command, event } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    const trace = 'Traceback (most recent call last):\n  File "/usr/lib/python3/runpy.py", line 1, in <module>\n    run()\n  File "/w/a.py", line 5, in <module>\n    f()\n  File "/w/lib/b.py", line 2, in f\n    g()\n  File "/usr/lib/g.py", line 9, in g\n    h()\nValueError: no\n';
    for (const [category, output] of [['stderr', trace], ['stdout', trace], ['stderr', 'no error\n'], ['stderr', trace.replaceAll('/w/', '/x/')]]) event('output', { category, output });
    const [led, ...others] = editor.debug.last.events('output');
    expect(led).to.deep.equal({ category: 'stderr', output: trace, source: { name: 'b.py', path: '/w/lib/b.py' }, line: 2 });
    expect(others.map(({ source }) => source)).to.deep.equal([undefined, undefined, undefined]);
    // It may come in pieces.
    for (const output of trace.split(/(?<=[\n:])/)) event('output', { category: 'stderr', output });
    const pieces = editor.debug.last.events('output').slice(4);
    expect(pieces.filter(({ source }) => source).map(({ line, source }) => [line, source.path])).to.deep.include([2, '/w/lib/b.py']);
    expect(pieces.at(-1)?.source, 'the last piece').to.deep.equal({ name: 'b.py', path: '/w/lib/b.py' });
  });

  it('reaches only the session that it is of, and no answer that nobody waits for', async () => {
    const { editor, open, command, says } = debugBench();
    await open('/w/a.py');
    await command('codebeaker.debug');
    const count = editor.debug.last.heard.length;
    says({ type: 'event', event: 'stopped', body: {} }, 'another');
    says({ type: 'response', request_seq: 99, success: true, command: 'threads' });
    expect(editor.debug.last.heard).to.have.length(count);
  });

  describe('in a terminal', () => {
    async function begin(prepare: (connection: FakeConnection) => void = () => undefined) {
      const bench = debugBench({ debug: { languages: ['python'] }, pty: {} }, prepare);
      await bench.open('/w/a.py');
      void bench.editor.code.debug.startDebugging(undefined, { type: 'codebeaker', request: 'launch', name: 'a.py', program: '/w/a.py', console: 'integratedTerminal' });
      await settle();
      const terminal = bench.editor.terminals.at(-1) ?? expect.fail('there is no terminal');
      return { ...bench, terminal, started: () => bench.connection().calls('debug/start') };
    }

    it('shows what the program prints, and sends what is typed, and the size', async () => {
      const { connection, terminal, started, ended, editor } = await begin();
      const [{ debugId, pty }] = started() as [{ debugId: string; pty: object }];
      expect(pty).to.deep.equal({ cols: 100, rows: 30 });
      expect(terminal.name).to.equal('Debug: a.py');
      connection().tell('command/output', { commandId: debugId, seq: 1, stream: 'pty', data: 'name? ', encoding: 'utf-8' });
      connection().tell('command/output', { commandId: 'another', seq: 1, stream: 'pty', data: 'secret', encoding: 'utf-8' });
      expect(terminal.shown).to.contain('name? ').and.not.contain('secret');
      terminal.pty.handleInput?.('Ada\r');
      terminal.pty.setDimensions?.({ columns: 91, rows: 31 });
      await settle();
      expect(connection().calls('command/input')).to.deep.equal([{ commandId: debugId, data: 'Ada\r' }]);
      expect(connection().calls('command/resize')).to.deep.equal([{ commandId: debugId, cols: 91, rows: 31 }]);
      ended({ outcome: 'exited', exitCode: 0 });
      await settle();
      expect(editor.debug.last.console).to.contain('✓ exited with code 0');
      // What was printed stays.
      expect(terminal.shown).to.match(/name\? [^]*✓[^]*exited with code 0/);
      expect(terminal.closedWith).to.equal(undefined);
    });

    it('is not hidden by the Debug Console, unless the person wants that', async () => {
      const { editor } = await begin();
      const resolved = (more: object) => debugConfigurations({ code: editor.code, mayDebug: () => true }).resolveDebugConfiguration?.(undefined, { type: 'codebeaker', request: 'launch', name: 'a.py', program: '/w/a.py', ...more });
      expect(await resolved({ console: 'integratedTerminal' })).to.include({ internalConsoleOptions: 'neverOpen' });
      expect(await resolved({ console: 'integratedTerminal', internalConsoleOptions: 'openOnSessionStart' })).to.include({ internalConsoleOptions: 'openOnSessionStart' });
      expect(await resolved({})).not.to.have.property('internalConsoleOptions');
    });

    it('ends the program when the person closes it', async () => {
      const { connection, terminal, started } = await begin();
      terminal.pty.close();
      await settle();
      expect(connection().calls('command/signal')).to.deep.equal([{ commandId: started()[0]?.debugId, signal: 'SIGHUP' }]);
    });

    it('ends the program when the person closed it before the daemon knew of the program', async () => {
      const starting = deferred();
      const { connection, terminal, started } = await begin((held) => held.answer('debug/start', async ({ debugId }) => {
        await starting.promise;
        return { debugId, adapter: { name: 'debugpy', version: '1' } };
      }));
      terminal.pty.close();
      await settle();
      const before = connection().calls('command/signal').length;
      starting.resolve();
      await settle();
      expect(connection().calls('command/signal').slice(before)).to.deep.equal([{ commandId: started()[0]?.debugId, signal: 'SIGHUP' }]);
    });

    it('is where its program is stopped and given lines, whatever runs in the editor', async () => {
      const { editor, connection, command, open, started } = await begin();
      await open('/w/b.py');
      await command('codebeaker.run');
      editor.activeTerminal = editor.terminals.find(({ name }) => name === 'Debug: a.py');
      editor.inputs.push('a line');
      await command('codebeaker.input', 'terminal');
      expect(connection().calls('command/input')).to.deep.equal([{ commandId: started()[0]?.debugId, data: 'a line\r' }]);
    });

    it('has none where the sandbox has none: the program is debugged without', async () => {
      const { started, editor } = await begin((connection) => connection.answer('debug/start', ({ debugId, pty }) => {
        if (pty) throw fault('LanguageUnsupported', 'this runtime has no terminals');
        return { debugId, adapter: { name: 'debugpy', version: '1' } };
      }));
      expect(started().map(({ pty }) => pty !== undefined)).to.deep.equal([true, false]);
      expect(editor.debug.last.heard[0]).to.include({ command: 'initialize', success: true });
    });

    it('is refused under another name', async () => {
      const { editor, open } = debugBench();
      await open('/w/a.py');
      await editor.code.debug.startDebugging(undefined, { type: 'codebeaker', request: 'launch', name: 'a.py', program: '/w/a.py', console: 'externalTerminal' });
      await settle();
      expect(editor.debug.last.console).to.contain('console in the launch configuration must be internalConsole or integratedTerminal.');
    });
  });
});
