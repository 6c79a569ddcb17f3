/** The whole extension with a fake editor and a fake daemon. */
import { expect } from 'chai';
import type { RuntimeInfo } from 'codebeaker/protocol';
import { ResponseError } from 'vscode-jsonrpc/node';
import { fileUri } from '../../client-vscode/src/base/session-uri.ts';
import { createParts } from '../../client-vscode/src/parts.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeCode, fakeDocument, openPty, textOf, Uri } from '../fakes/code.ts';
import { FakeDisk } from '../fakes/disk.ts';
import { execution, fault, FakeConnection, session, settle } from '../fakes/connection.ts';

const runtime = (id: string, more: Partial<RuntimeInfo> = {}): RuntimeInfo => ({
  id,
  available: true,
  languages: [{ id: 'python' }, { id: 'javascript' }],
  isolation: { score: 7, layers: [] },
  startup: { coldMs: 1, warmMs: 1, measured: false },
  memoryBytes: 1,
  ...more,
});

const usual = [runtime('docker'), runtime('deno', { languages: [{ id: 'javascript' }], isolation: { score: 3, layers: [] } })];

/** `atFirst`: what the daemon knows when it answers initialize. */
function bench(runtimes: readonly RuntimeInfo[] = usual, atFirst = runtimes) {
  const editor = new FakeCode();
  const clock = new FakeClock();
  const disk = new FakeDisk();
  const connections: FakeConnection[] = [];
  const subscriptions: { dispose(): void }[] = [];
  const context = { subscriptions, globalState: editor.memento(), workspaceState: editor.memento(), secrets: editor.secrets(), extensionPath: '/ext', extension: { packageJSON: {} } };
  let ids = 0;
  const parts = createParts({
    code: editor.code,
    context: context as never,
    clock,
    disk,
    process: { execPath: '/node', env: {}, pid: 1 },
    newId: () => `id${(ids += 1)}`,
    random: () => (ids += 1),
    connect: async () => {
      const connection = new FakeConnection({ runtimes: atFirst });
      let sessions = 0;
      connection.answer('session/create', ({ label }) => session({ label, sessionId: `s${(sessions += 1)}` }));
      connection.answer('runtime/list', () => ({ runtimes }));
      connection.answer('runtime/select', ({ language }) => {
        const chosen = runtimes.find(({ available, languages }) => available && languages.some(({ id }) => id === language));
        if (!chosen) throw fault('RuntimeUnavailable');
        return { runtime: chosen.id, language, preference: 'balanced', candidates: [] };
      });
      connections.push(connection);
      return connection;
    },
  });
  editor.folders.push({ uri: Uri.file('/w'), name: 'w', index: 0 });
  parts.start();
  const command = async (name: string, ...args: unknown[]) => {
    await editor.commands.get(name)?.(...args);
    await settle();
  };
  const connection = () => connections.at(-1) as FakeConnection;
  /** Opens a file, and waits until the daemon is there. */
  const open = async (path: string, language = 'python', text = 'code') => {
    editor.edit(fakeDocument(Uri.file(path), language, text));
    parts.start();
    await settle();
  };
  return { editor, clock, disk, connections, connection, context, parts, command, open, subscriptions };
}

/** A program that runs until it is stopped. */
const endless = (connection: FakeConnection) =>
  connection.answer('command/runCode', (_, token) => new Promise((resolve) => {
    token?.onCancellationRequested(() => resolve(execution({ outcome: 'cancelled', exitCode: null })));
  }));

/** Which terminals say that their program was stopped. */
const stopped = (editor: FakeCode) => editor.terminals.map((terminal) => /✗ stopped.*\n$/.test(textOf(terminal)));

describe('the extension', () => {
  it('starts no daemon before a document that can be run is open', async () => {
    const { connections, open } = bench();
    await settle();
    expect(connections).to.have.lengthOf(0);
    await open('/w/a.md', 'markdown');
    expect(connections).to.have.lengthOf(0);
    await open('/w/a.py');
    expect(connections).to.have.lengthOf(1);
  });

  it('runs what is in the editor', async () => {
    const { editor, disk, connection, open, command } = bench();
    disk.files.set('b.py', 'beside');
    await open('/w/a.py', 'python', 'print(1)');
    await command('codebeaker.run');
    expect(connection().calls('session/create')[0]).to.deep.include({ language: 'python', workspace: { uri: 'file:///w', access: 'copy' } });
    expect(connection().calls('command/writeFile')[0].content).to.equal('print(1)');
    expect(textOf(editor.terminals[0] as never)).to.match(/✓ exited with code 0/);
    expect(editor.terminals[0]?.preserveFocus).to.equal(true);
  });

  it('gives a program the secrets that the setting names, from the editor or else from the daemon, and none in Restricted Mode', async () => {
    const { editor, connection, context, open, command } = bench();
    editor.inputs.push('TOKEN', 'hunter2');
    editor.press = 'Give It to Runs Here';
    await command('codebeaker.setSecret');
    expect(editor.asked[1]).to.include({ password: true });
    expect(editor.settings.get('codebeaker.secrets')).to.deep.equal(['TOKEN']);
    expect([...context.secrets.values.values()]).to.deep.equal(['hunter2']);
    editor.settings.set('codebeaker.secrets', ['TOKEN', 'OTHER']);
    editor.ownSettings.set('codebeaker.secrets', ['TOKEN', 'OTHER']);
    await open('/w/a.py');
    const created = async () => {
      await command('codebeaker.run');
      const { secrets, secretNames } = connection().calls('session/create').at(-1) ?? {};
      return { secrets, secretNames };
    };
    editor.settings.set('codebeaker.whenRunning', 'another');
    expect(await created()).to.deep.equal({ secrets: { TOKEN: 'hunter2' }, secretNames: ['OTHER'] });
    expect(JSON.stringify([[...editor.channels], editor.messages, context.globalState.get('codebeaker.secretNames')])).not.to.contain('hunter2');
    editor.picked = ([item]) => item;
    await command('codebeaker.removeSecret');
    expect(context.secrets.values.size).to.equal(0);
    expect(await created()).to.deep.equal({ secrets: undefined, secretNames: ['TOKEN', 'OTHER'] });
    editor.trusted = false;
    expect(await created()).to.deep.equal({ secrets: undefined, secretNames: undefined });
  });

  describe('if the settings of a workspace name secrets', () => {
    const naming = async (names: readonly string[]) => {
      const made = bench();
      await made.context.secrets.store('secret.TOKEN', 'hunter2');
      made.editor.settings.set('codebeaker.secrets', names);
      await made.open('/w/a.py');
      const given = async () => {
        await made.command('codebeaker.run');
        const { secrets, secretNames } = made.connection().calls('session/create').at(-1) ?? {};
        return { ...secrets, ...(secretNames ? { named: secretNames } : {}) };
      };
      const asked = () => made.editor.messages.map(({ message }) => /secrets of yours: (.*?)\./.exec(message)?.[1]).filter(Boolean);
      return { ...made, given, asked };
    };

    it('asks the person once, and remembers the answer for this workspace', async () => {
      for (const [press, expected] of [['Give Them to Programs Here', { TOKEN: 'hunter2', named: ['OTHER'] }], ['Don’t Give Them', {}]] as const) {
        const { editor, context, given, asked } = await naming(['TOKEN', 'OTHER']);
        editor.press = press;
        expect([await given(), await given()]).to.deep.equal([expected, expected]);
        expect(asked()).to.deep.equal(['TOKEN, OTHER']);
        editor.settings.set('codebeaker.secrets', ['TOKEN', 'OTHER', 'constructor']);
        await given();
        expect(asked()).to.deep.equal(['TOKEN, OTHER', 'constructor']);
        expect(JSON.stringify([context.workspaceState.get('codebeaker.allowedSecrets'), editor.messages])).not.to.contain('hunter2');
      }
    });

    it('gives none where nobody answers, and asks again when the editor is started anew', async () => {
      const { given, asked } = await naming(['TOKEN']);
      expect([await given(), await given(), asked()]).to.deep.equal([{}, {}, ['TOKEN']]);
    });

    it('asks nothing about those that the person has set here, or names in their own settings', async () => {
      const { editor, command, given, asked } = await naming(['TOKEN', 'MINE']);
      editor.ownSettings.set('codebeaker.secrets', ['MINE']);
      editor.inputs.push('TOKEN', 'hunter3');
      await command('codebeaker.setSecret');
      expect([await given(), asked()]).to.deep.equal([{ TOKEN: 'hunter3', named: ['MINE'] }, []]);
      editor.picked = ([item]) => item;
      await command('codebeaker.removeSecret');
      expect([await given(), asked()]).to.deep.equal([{ named: ['MINE'] }, ['TOKEN']]);
    });

    it('asks once for runs that begin together', async () => {
      const { editor, given, asked } = await naming(['TOKEN']);
      editor.press = 'Give Them to Programs Here';
      expect(await Promise.all([given(), given()])).to.deep.include({ TOKEN: 'hunter2' });
      expect(asked()).to.deep.equal(['TOKEN']);
    });
  });

  it('keeps no secret where the person gives none', async () => {
    for (const inputs of [[undefined], ['TOKEN', undefined], ['TOKEN', '']]) {
      const { editor, context, command } = bench();
      editor.inputs.push(...inputs);
      await command('codebeaker.setSecret');
      await command('codebeaker.removeSecret');
      expect([context.secrets.values.size, editor.messages.map(({ message }) => message)]).to.deep.equal([0, ['No secret is kept.']]);
    }
  });

  it('lets a program reach what the setting says, and nothing in Restricted Mode (F-F8)', async () => {
    for (const [setting, trusted, network] of [['none', true, undefined], ['ask', true, { mode: 'allowlist', hosts: [] }], ['full', true, { mode: 'full' }], ['full', false, undefined]] as const) {
      const { editor, connection, open, command } = bench();
      editor.trusted = trusted;
      editor.settings.set('codebeaker.network', setting);
      await open('/w/a.py');
      await command('codebeaker.run');
      expect(connection().calls('session/create')[0].network).to.deep.equal(network);
    }
  });

  it('asks the person about a host that a program wants to reach', async () => {
    for (const [press, allow] of [['Allow Once', 'once'], ['Allow for This Run', 'session'], ['Don’t Allow', 'deny'], ['', 'deny']] as const) {
      const { editor, connection, open, command } = bench();
      await open('/w/a.py');
      endless(connection());
      void command('codebeaker.run');
      await settle();
      editor.press = press;
      const ask = (params: object, isCancellationRequested = false) => connection().handlers.get('network/requestAccess')?.(params, { isCancellationRequested });
      expect(await ask({ sessionId: 's1', host: 'example.com', port: 443 })).to.deep.equal({ allow });
      expect(editor.messages.at(-1)).to.deep.equal({ kind: 'warning', message: 'a.py wants to reach example.com:443 from its sandbox.', buttons: ['Allow Once', 'Allow for This Run', 'Don’t Allow'] });
      await ask({ sessionId: 'other', host: '2606:4700::1', port: 80 });
      expect(editor.messages.at(-1)?.message).to.equal('A program in a sandbox wants to reach [2606:4700::1]:80.');
      expect(await ask({ sessionId: 's1', host: 'example.com', port: 443 }, true), 'too late').to.deep.equal({ allow: 'deny' });
      if (allow !== 'deny') expect(editor.messages.at(-1)?.message).to.match(/^Nobody answered within 30 seconds, so example\.com:443 was not reached/);
    }
  });

  it('shows what a file is called as text, and never as a link (issue 13)', async () => {
    const { editor, connection, open, command } = bench();
    await open('/w/[x](command:workbench.action.quit).py');
    endless(connection());
    void command('codebeaker.run');
    await settle();
    await connection().handlers.get('network/requestAccess')?.({ sessionId: 's1', host: 'example.com', port: 443 }, { isCancellationRequested: false });
    expect(editor.messages.at(-1)?.message).to.equal('[x] (command:workbench.action.quit).py wants to reach example.com:443 from its sandbox.');
  });

  describe('if a program lacks a module (issue 13)', () => {
    const lacking = async () => {
      const made = bench();
      await made.open('/w/a.py');
      const missing = { module: 'cv2', manager: 'pip', packages: ['opencv-python'] };
      const has = () => made.connection().calls('session/create').some(({ packages }) => packages?.names?.includes('opencv-python'));
      made.connection().answer('command/runCode', () => (has() ? execution() : execution({ exitCode: 1, missing })));
      return made;
    };
    const named = ({ connection }: Awaited<ReturnType<typeof lacking>>) => connection().calls('session/create').map(({ packages }) => packages?.names);

    it('offers to install its package, installs it for the file, and runs the program again', async () => {
      const made = await lacking();
      const { editor, connection, command } = made;
      editor.press = 'Install and Run Again';
      await command('codebeaker.run');
      await settle();
      expect(editor.messages.map(({ message }) => message)).to.deep.equal(['The program needs opencv-python (module cv2).']);
      expect(connection().calls('command/runCode')).to.have.lengthOf(2);
      expect(editor.progress).to.deep.equal(['Installing packages in a sandbox']);
      await command('codebeaker.run');
      expect(connection().calls('command/runCode')).to.have.lengthOf(3);
      expect(named(made).filter(Boolean).every((names) => names.join() === 'opencv-python')).to.equal(true);
      expect(editor.terminals).to.have.lengthOf(1);
    });

    it('runs nothing again and remembers nothing if the installation is cancelled or fails', async () => {
      for (const cancel of [true, false]) {
        const made = await lacking();
        const { editor, connection, command } = made;
        await command('codebeaker.run');
        connection().answer('session/create', (_, token) => new Promise((_resolve, reject) => {
          if (!cancel) reject(new Error('The registry has no package opencv-python.'));
          token?.onCancellationRequested(() => reject(new Error('cancelled')));
        }));
        editor.press = 'Install and Run Again';
        editor.inputs.push('opencv-python');
        const installing = command('codebeaker.installPackages');
        await settle();
        if (cancel) editor.progressCancelled.fire();
        await installing;
        expect(editor.messages.filter(({ kind }) => kind === 'error').map(({ message }) => message)).to.deep.equal(cancel ? [] : ['The registry has no package opencv-python.']);
        connection().answer('session/create', () => session());
        const before = named(made).length;
        editor.press = undefined;
        await command('codebeaker.run');
        expect(named(made).slice(before).filter(Boolean)).to.deep.equal([]);
      }
    });
  });

  describe('if packages have known weaknesses', () => {
    const weak = [
      { package: 'one', version: '1', id: 'GHSA-1', severity: 'low', summary: 'It is slow.' },
      { package: 'two', version: '2', id: 'GHSA-2', severity: 'critical', summary: 'It runs code.', url: 'https://example.com/GHSA-2', fixedIn: '2.1' },
      ...['three', 'four', 'five'].map((name, at) => ({ package: name, id: `GHSA-${at + 3}`, severity: 'moderate', summary: '' })),
    ];
    const told = 'Packages of a.py have known weaknesses: two 2 (GHSA-2, critical), three (GHSA-3, moderate), four (GHSA-4, moderate) and 2 more.';
    const having = async () => {
      const made = bench();
      await made.open('/w/a.py');
      made.connection().answer('session/create', ({ label }) => session({ label, advisories: weak as never }));
      return made;
    };

    it('says so after an installation, each time, with a list that leads to what is said of each', async () => {
      const { editor, command } = await having();
      const items: any[] = [];
      editor.inputs.push('one', 'one');
      editor.press = 'Show Details';
      editor.picked = (offered) => (items.push(...offered), offered[0]);
      await command('codebeaker.installPackages');
      editor.picked = undefined;
      await command('codebeaker.installPackages');
      expect(editor.messages).to.deep.equal(Array(2).fill({ kind: 'warning', message: told, buttons: ['Show Details'] }));
      expect(items[0]).to.deep.include({ label: 'two 2', description: 'critical · GHSA-2', detail: 'It runs code. · mended in 2.1' });
      expect(items.at(-1)).to.deep.include({ label: 'one 1', description: 'low · GHSA-1' });
      expect(editor.opened).to.deep.equal(['https://example.com/GHSA-2']);
    });

    it('opens nothing but a page', async () => {
      const { editor, connection, command } = await having();
      connection().answer('session/create', () => session({ advisories: [{ ...weak[1], url: 'command:workbench.action.quit' }] as never }));
      editor.inputs.push('one');
      editor.press = 'Show Details';
      editor.picked = ([item]) => item;
      await command('codebeaker.installPackages');
      expect(editor.opened).to.deep.equal([]);
    });

    it('says so after a run, once for the same', async () => {
      const { editor, connection, command } = await having();
      for (let times = 0; times < 2; times += 1) await command('codebeaker.run');
      expect(editor.messages.map(({ message }) => message)).to.deep.equal([told]);
      connection().answer('session/create', () => session({ advisories: weak.slice(0, 1) as never }));
      for (let times = 0; times < 3; times += 1) await command('codebeaker.run');
      expect(editor.messages.slice(1).map(({ message }) => message)).to.deep.equal(['Packages of a.py have known weaknesses: one 1 (GHSA-1, low).']);
    });
  });

  describe('what the daemon finds in a program', () => {
    const found = (code: string, character: number) => ({
      range: { start: { line: 0, character }, end: { line: 0, character: character + 1 } }, severity: 2, code, codeDescription: { href: 'https://example.com/cwe' }, source: 'codebeaker', message: 'It is odd.',
    });
    /** A program runs, and the daemon has told what it found there. */
    const finding = async (more: object = {}) => {
      const made = bench();
      await made.open('/w/a.py', 'python', 'eval(x)');
      endless(made.connection());
      const ended = made.command('codebeaker.run');
      await settle();
      const tell = (diagnostics: object[]) => made.connection().tell('command/diagnostics', { sessionId: 's1', commandId: 'id1', language: 'python', diagnostics, ...more });
      tell([found('python/eval', 0)]);
      const shown = () => [...made.editor.findings].map(([uri, problems]) => [uri, problems.map(({ code }) => code.value)]);
      return { ...made, tell, shown, ended };
    };
    const one = [['file:///w/a.py', ['python/eval']]];

    it('is a problem of its document, from when it comes until the text is edited', async () => {
      const { editor, shown } = await finding();
      expect(shown()).to.deep.equal(one);
      expect(editor.findings.get('file:///w/a.py')?.[0]).to.deep.include({ message: 'It is odd.', severity: 1, source: 'CodeBeaker', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } });
      const [document] = editor.documents;
      editor.documentChanged.fire({ document, contentChanges: [] });
      expect(shown()).to.deep.equal(one);
      editor.documentChanged.fire({ document, contentChanges: [{}] });
      expect(shown()).to.deep.equal([]);
    });

    it('goes when the program runs again, and when its document or its terminal is closed', async () => {
      const ways: ((made: Awaited<ReturnType<typeof finding>>) => Promise<unknown>)[] = [
        async ({ command, connection }) => {
          await command('codebeaker.stopAll');
          endless(connection());
          void command('codebeaker.run');
        },
        async ({ editor }) => editor.documentClosed.fire(editor.documents[0]),
        async ({ editor, command }) => {
          await command('codebeaker.stopAll');
          editor.terminals[0]?.pty.close();
        },
      ];
      for (const way of ways) {
        const made = await finding();
        expect(made.shown()).to.deep.equal(one);
        await way(made);
        await settle();
        expect(made.shown()).to.deep.equal([]);
      }
    });

    it('is that of the last run, and none where there is nothing any more', async () => {
      const { tell, shown } = await finding();
      tell([found('python/sql', 1), found('python/shell', 2)]);
      expect(shown()).to.deep.equal([['file:///w/a.py', ['python/sql', 'python/shell']]]);
      tell([]);
      expect(shown()).to.deep.equal([['file:///w/a.py', []]]);
    });

    it('is not shown of another session, of a text that was edited since, or where the setting is off', async () => {
      expect((await finding({ sessionId: 'other' })).shown()).to.deep.equal([]);
      const edited = await finding();
      edited.editor.documents = [fakeDocument(Uri.file('/w/a.py'), 'python', 'other')];
      edited.tell([found('python/eval', 0)]);
      expect(edited.shown()).to.deep.equal([]);
      const off = await finding();
      off.editor.settings.set('codebeaker.scan', 'off');
      off.tell([found('python/sql', 0)]);
      expect(off.shown()).to.deep.equal(one);
    });
  });

  it('copies no folder of a workspace that is not trusted, and opens no terminal (F-F8)', async () => {
    const { editor, connection, open, command } = bench();
    editor.trusted = false;
    await open('/w/a.py');
    connection().answer('command/runCode', ({ commandId, interactive }) => {
      expect(interactive).to.equal(true);
      connection().output(commandId, 0, '\x1b[31mred\x1b[0m\n50 %\r100 %\n');
      return execution();
    });
    await command('codebeaker.run');
    expect(connection().calls('session/create')[0]).not.to.have.property('workspace');
    expect(editor.terminals).to.deep.equal([]);
    expect(editor.channels.get('a.py in a sandbox')).to.equal('a.py in a sandbox\nred\n50 %\n100 %\n✓ exited with code 0 · 12 ms · docker\n');
    expect(connection().calls('command/ack')).to.have.lengthOf(1);
  });

  it('asks for input in a box if there is no terminal', async () => {
    const { editor, connection, open, command } = bench();
    editor.trusted = false;
    await open('/w/a.py');
    endless(connection());
    void command('codebeaker.run');
    await settle();
    editor.inputs.push('a line');
    await command('codebeaker.input');
    expect(connection().calls('command/input')).to.deep.equal([{ commandId: 'id1', data: 'a line\n' }]);
    await command('codebeaker.stop');
    expect(editor.channels.get('a.py in a sandbox')).to.match(/✗ stopped/);
  });

  it('limits how much of a run an output channel shows', async () => {
    const { editor, connection, open, command } = bench();
    editor.trusted = false;
    await open('/w/a.py');
    connection().answer('command/runCode', ({ commandId }) => {
      for (let seq = 0; seq < 40; seq += 1) connection().output(commandId, seq, 'x'.repeat(65_536));
      return execution();
    });
    await command('codebeaker.run');
    expect(editor.channels.get('a.py in a sandbox')?.length).to.be.within(2 ** 20, 2 ** 20 + 100);
    expect(connection().calls('command/ack').at(-1).seq).to.equal(39);
  });

  it('starts a new daemon when the workspace is trusted', async () => {
    const { editor, connections, open } = bench();
    await open('/w/a.py');
    editor.trustGranted.fire();
    await settle();
    expect(connections.map(({ closed }) => closed)).to.deep.equal([true, false]);
  });

  it('runs the file that a menu was opened for', async () => {
    const { editor, connection, open, command } = bench();
    await open('/w/a.py');
    editor.documents.push(fakeDocument(Uri.file('/w/b.js'), 'javascript', 'other'));
    await command('codebeaker.run', Uri.file('/w/b.js'));
    expect(connection().calls('command/writeFile')[0]).to.deep.include({ path: 'b.js', content: 'other' });
  });

  it('runs a file again in the same terminal, and closes the old sandbox a moment later', async () => {
    const { editor, clock, connection, open, command } = bench();
    await open('/w/a.py');
    await command('codebeaker.run');
    await command('codebeaker.run');
    expect(editor.terminals).to.have.lengthOf(1);
    expect(editor.executed.at(-1)).to.equal('workbench.action.terminal.scrollToBottom');
    expect(connection().calls('session/close')).to.deep.equal([]);
    await clock.advance(1_000);
    expect(connection().calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
  });

  it('runs a file again in a spare sandbox, which is hidden until then', async () => {
    const { editor, clock, disk, connection, open, command } = bench();
    disk.files.set('b.py', 'beside');
    await open('/w/a.py');
    await command('codebeaker.run');
    expect(connection().calls('session/create').map(({ workspace }) => workspace?.uri)).to.deep.equal(['file:///w', 'file:///w']);
    connection().answer('session/list', () => ({ sessions: [session({ sessionId: 's1', label: 'a.py' }), session({ sessionId: 's2', label: 'a.py' })] }));
    connection().tell('session/stateChanged', { sessionId: 's2', state: 'ready' });
    await clock.advance(100);
    expect(await editor.providers.get('tree').getChildren()).to.have.lengthOf(1);
    await command('codebeaker.run');
    expect(connection().calls('command/runCode').map(({ sessionId }) => sessionId)).to.deep.equal(['s1', 's2']);
    connection().tell('session/stateChanged', { sessionId: 's2', state: 'busy' });
    await clock.advance(100);
    expect(await editor.providers.get('tree').getChildren()).to.have.lengthOf(2);
  });

  it('prepares no spare sandbox if no sandbox is to stay open', async () => {
    const { editor, disk, connection, open, command } = bench();
    editor.settings.set('codebeaker.keepSessions', 0);
    disk.files.set('b.py', 'beside');
    await open('/w/a.py');
    await command('codebeaker.run');
    expect(connection().calls('session/create')).to.have.lengthOf(1);
  });

  it('runs a document of a virtual file system without other files, and says so', async () => {
    const { editor, disk, connection, open, command } = bench();
    disk.files.set('b.py', 'beside');
    await open('/w/other.py');
    const uri = Uri.from({ scheme: 'vscode-vfs', path: '/w/a.py' });
    editor.folders = [{ uri: Uri.from({ scheme: 'vscode-vfs', path: '/w' }), name: 'w', index: 0 }];
    editor.edit(fakeDocument(uri, 'python', 'print(2)'));
    await command('codebeaker.run');
    for (const asked of connection().calls('session/create')) expect(asked).not.to.have.property('workspace');
    expect(connection().calls('command/writeFile')).to.deep.equal([{ sessionId: 's1', path: 'a.py', content: 'print(2)' }]);
    expect(textOf(editor.terminals[0] as never)).to.match(/without the other files of its folder: it is not on the disk of this machine\n✓/);
  });

  it('runs several at once, each in its own terminal', async () => {
    const { editor, connection, open, command } = bench();
    editor.settings.set('codebeaker.whenRunning', 'another');
    await open('/w/a.py');
    endless(connection());
    void command('codebeaker.run');
    await settle();
    void command('codebeaker.run');
    await settle();
    expect(editor.terminals).to.have.lengthOf(2);
    expect(editor.context.get('codebeaker.editorRunning')).to.equal(true);
    expect(editor.statusText).to.equal('$(sync~spin) docker 7/10 (2)');
    await command('codebeaker.stopAll');
    expect(stopped(editor)).to.deep.equal([true, true]);
    expect(editor.context.get('codebeaker.running')).to.equal(false);
    expect(editor.statusText).to.equal('$(beaker) docker 7/10');
  });

  describe('if a running file is run again (V2)', () => {
    const running = async () => {
      const made = bench();
      await made.open('/w/a.py');
      endless(made.connection());
      void made.command('codebeaker.run');
      await settle();
      return made;
    };

    it('asks, and leaves everything as it is if the person presses Escape', async () => {
      const { editor, connection, command } = await running();
      let offered: string[] = [];
      editor.picked = (items) => {
        offered = items.map(({ label }) => label);
        return undefined;
      };
      await command('codebeaker.run');
      expect(offered).to.deep.equal(['Stop it and run it again', 'Run it once more beside it, in another terminal']);
      expect(connection().calls('command/runCode')).to.have.lengthOf(1);
      expect(stopped(editor)).to.deep.equal([false]);
    });

    it('stops it and runs it again in the same terminal, if the person or the setting says so', async () => {
      const { editor, connection, command } = await running();
      editor.picked = ([first]) => first;
      void command('codebeaker.rerun');
      await settle();
      expect(connection().calls('command/runCode')).to.have.lengthOf(2);
      editor.picked = undefined;
      editor.settings.set('codebeaker.whenRunning', 'restart');
      void command('codebeaker.run');
      void command('codebeaker.run');
      await settle();
      expect(connection().calls('command/runCode'), 'both clicks are one restart').to.have.lengthOf(3);
      expect(editor.terminals).to.have.lengthOf(1);
      expect(editor.context.get('codebeaker.running')).to.equal(true);
    });

    it('runs it once more in another terminal, if the person says so', async () => {
      const { editor, command } = await running();
      editor.picked = ([, second]) => second;
      void command('codebeaker.run');
      await settle();
      expect(editor.terminals.map(({ name }) => name)).to.deep.equal(['a.py', 'a.py']);
      expect(stopped(editor)).to.deep.equal([false, false]);
    });
  });

  it('uses the terminals of ended runs again for other files (V2)', async () => {
    const { editor, open, command } = bench();
    editor.settings.set('codebeaker.keepSessions', 2);
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await open(`/w/${name}.py`);
      await command('codebeaker.run');
    }
    expect(editor.terminals.map(({ name }) => name)).to.deep.equal(['e.py', 'd.py']);
    const [last] = editor.terminals.map(textOf);
    expect(last).to.match(/e\.py in a sandbox\n✓ exited with code 0/);
  });

  describe('if several programs run (V1)', () => {
    const running = async () => {
      const made = bench();
      await made.open('/w/a.py');
      endless(made.connection());
      void made.command('codebeaker.run');
      await made.open('/w/b.py');
      void made.command('codebeaker.run');
      await settle();
      made.editor.activeTerminal = made.editor.terminals[0];
      return made;
    };

    it('stops the program of the editor whose button is clicked', async () => {
      const { editor, command } = await running();
      await command('codebeaker.stop', Uri.file('/w/b.py'));
      expect(stopped(editor)).to.deep.equal([false, true]);
      await command('codebeaker.stop', Uri.file('/w/b.py'));
      expect(stopped(editor), 'nothing of it runs any more').to.deep.equal([false, true]);
    });

    it('stops the program of the editor or of the terminal that has the keyboard focus', async () => {
      const { editor, command } = await running();
      await command('codebeaker.stop', 'editor');
      expect(stopped(editor)).to.deep.equal([false, true]);
      await command('codebeaker.stop', 'terminal');
      expect(stopped(editor)).to.deep.equal([true, true]);
    });

    it('asks if it is not clear which one is meant', async () => {
      const { editor, command } = await running();
      editor.picked = (items) => items.find(({ label }) => label === 'b.py');
      await command('codebeaker.stop');
      expect(stopped(editor)).to.deep.equal([false, true]);
      editor.picked = undefined;
      await command('codebeaker.stop');
      expect(stopped(editor)).to.deep.equal([true, true]);
    });

    it('gives input to the program of the editor whose button is clicked', async () => {
      const { editor, connection, command } = await running();
      editor.inputs.push('a line');
      await command('codebeaker.input', Uri.file('/w/b.py'));
      expect(connection().calls('command/input').map(({ commandId }) => commandId)).to.deep.equal([connection().calls('command/runCode')[1].commandId]);
    });
  });

  it('runs the last file again, with its present text', async () => {
    const { editor, connection, open, command } = bench();
    await command('codebeaker.rerun');
    expect(editor.messages.at(-1)?.message).to.equal('Nothing has been run yet.');
    await open('/w/a.py', 'python', 'one');
    await command('codebeaker.run');
    editor.documents = [fakeDocument(Uri.file('/w/a.py'), 'python', 'two')];
    await command('codebeaker.rerun');
    expect(connection().calls('command/writeFile').map(({ content }) => content)).to.deep.equal(['one', 'two']);
  });

  it('asks for arguments, environment and input, and remembers them for the file', async () => {
    const { editor, connection, open, command } = bench();
    await open('/w/a.py');
    editor.inputs.push("1 'two words'", 'A=b', 'line\\nother');
    await command('codebeaker.runWith');
    editor.inputs.push(undefined);
    await command('codebeaker.runWith');
    await command('codebeaker.run');
    expect(editor.asked.map(({ value }) => value)).to.deep.equal(['', '', '', "1 'two words'"]);
    expect(editor.asked[0].validateInput("it's")).to.equal("The quote ' is not closed.");
    expect(editor.asked[1].validateInput('A')).to.match(/NAME=value/);
    const runs = connection().calls('command/runCode');
    expect(runs).to.have.lengthOf(2);
    for (const run of runs) expect(run).to.deep.include({ args: ['1', 'two words'], stdin: 'line\nother\n' });
    expect(connection().calls('session/create')[1].env).to.include({ A: 'b' });
  });

  it('closes the sandbox and the spare when the terminal is closed', async () => {
    const { editor, connection, open, command } = bench();
    await open('/w/a.py');
    await command('codebeaker.run');
    editor.terminals[0]?.pty.close();
    await settle();
    expect(connection().calls('session/close')).to.have.deep.members([{ sessionId: 's1' }, { sessionId: 's2' }]);
    endless(connection());
    void command('codebeaker.run');
    await settle();
    editor.terminals[1]?.pty.close();
    await settle();
    expect(connection().calls('session/close').at(-1)).to.deep.equal({ sessionId: 's3' });
  });

  it('keeps only the wanted number of sandboxes of ended runs open', async () => {
    const { editor, clock, connection, open, command } = bench();
    editor.settings.set('codebeaker.keepSessions', 2);
    for (const name of ['a', 'b', 'c', 'd']) {
      await open(`/w/${name}.py`);
      await command('codebeaker.run');
    }
    await clock.advance(1_000);
    const used = connection().calls('command/runCode').map(({ sessionId }) => sessionId);
    const closed = connection().calls('session/close').map(({ sessionId }) => sessionId);
    expect(closed.filter((id) => used.includes(id))).to.deep.equal(used.slice(0, 2));
    expect(closed.filter((id) => !used.includes(id)), 'of those made ahead').to.have.lengthOf(2);
  });

  it('says only once what is used instead of Docker', async () => {
    const { editor, connections, open } = bench([runtime('docker', { available: false, reason: 'not installed' }), usual[1] as RuntimeInfo]);
    await open('/w/a.js', 'javascript');
    expect(editor.messages).to.deep.equal([
      { kind: 'information', message: 'Docker is not available. Code runs in deno instead, which may support fewer languages and isolate less.', buttons: ['Install Docker'] },
    ]);
    expect(editor.statusText).to.equal('$(beaker) deno 3/10');
    editor.trustGranted.fire();
    await settle();
    expect(connections).to.have.lengthOf(2);
    expect(editor.messages).to.have.lengthOf(1);
    await open('/w/a.py');
    expect(editor.statusText).to.equal('$(warning) no sandbox');
  });

  it('says what is used instead of Docker only when the daemon has looked at every runtime', async () => {
    const unknown = usual.map((info) => ({ ...info, available: false, reason: 'not looked at yet' }));
    const { editor, open } = bench([runtime('docker', { available: false, reason: 'not installed' }), usual[1] as RuntimeInfo], unknown);
    await open('/w/a.js', 'javascript');
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['Docker is not available. Code runs in deno instead, which may support fewer languages and isolate less.']);
    const slow = bench(usual, unknown);
    await slow.open('/w/a.js', 'javascript');
    expect(slow.editor.messages, 'of a Docker that was only slow').to.deep.equal([]);
  });

  it('shows the runtime that the daemon would choose, and follows changes', async () => {
    const { editor, connection, open } = bench();
    await open('/w/a.py');
    expect(editor.statusText).to.equal('$(beaker) docker 7/10');
    connection().answer('runtime/select', () => ({ runtime: 'gvisor' }));
    connection().tell('runtime/changed', { runtimes: [...usual, runtime('gvisor', { isolation: { score: 9, layers: [] } })] });
    await settle();
    expect(editor.statusText).to.equal('$(beaker) gvisor 9/10');
    connection().answer('runtime/select', () => {
      throw fault('RuntimeUnavailable');
    });
    connection().tell('runtime/changed', { runtimes: [] });
    await settle();
    expect(editor.statusText).to.equal('$(warning) no sandbox');
  });

  describe('if a program cannot be run', () => {
    const failing = async (runtimes: readonly RuntimeInfo[], data: object, file = 'a.py', language = 'python') => {
      const made = bench(runtimes);
      await made.open(`/w/${file}`, language);
      made.connection().answer('session/create', () => {
        throw new ResponseError(1010, 'a long reason', data);
      });
      made.editor.messages.splice(0);
      await made.command('codebeaker.run');
      return made;
    };
    const without = [runtime('docker', { available: false, reason: 'not installed' })];

    it('offers to install what the language needs, and has the reason only in the output (V5)', async () => {
      const { editor } = await failing(without, { kind: 'RuntimeUnavailable', runtime: 'docker' });
      expect(editor.messages).to.deep.equal([{ kind: 'error', message: 'a.py could not be run. Its output says why.', buttons: ['Install Docker', 'Doctor', 'Look Again'] }]);
      expect(textOf(editor.terminals[0] as never)).to.match(/✗ a long reason/);
      const { editor: other } = await failing(without, { kind: 'RuntimeUnavailable', runtime: 'docker' }, 'a.js', 'javascript');
      expect(other.messages[0]?.buttons).to.deep.equal(['Install Docker', 'Install Deno', 'Doctor', 'Look Again']);
    });

    it('opens the page of what is to be installed', async () => {
      const { editor, command } = await failing(without, { kind: 'RuntimeUnavailable', runtime: 'docker' });
      editor.press = 'Install Docker';
      await command('codebeaker.run');
      expect(editor.opened[0]).to.match(/^https:\/\/docs\.docker\.com\/engine\/install/);
    });

    it('leads to the settings if the runtime is there but not the image (V5)', async () => {
      const { editor, command } = await failing(usual, { kind: 'RuntimeUnavailable', runtime: 'docker' });
      expect(editor.messages[0]?.buttons).to.deep.equal(['Open Settings', 'Show Log']);
      editor.press = 'Open Settings';
      await command('codebeaker.run');
      expect(editor.executed).to.include('workbench.action.openSettings');
    });

    it('shows no second message while one is shown (V5)', async () => {
      const { editor, command } = await failing(usual, { kind: 'SandboxFailed' });
      expect(editor.messages).to.have.lengthOf(1);
      let close = (): void => undefined;
      editor.beforePress = new Promise((resolve) => {
        close = resolve;
      });
      for (let run = 0; run < 3; run += 1) await command('codebeaker.run');
      expect(editor.messages).to.have.lengthOf(2);
      close();
      await settle();
      await command('codebeaker.run');
      expect(editor.messages).to.have.lengthOf(3);
    });
  });

  it('offers to install nothing here where a daemon elsewhere lacks it (issue 15)', async () => {
    const { editor, open, command } = bench([runtime('docker', { available: false, languages: [] })]);
    editor.settings.set('codebeaker.server.url', 'wss://box');
    await open('/w/a.py');
    expect(editor.messages).to.deep.equal([]);
    let placeHolder = '';
    editor.picked = () => undefined;
    const { showQuickPick } = editor.code.window;
    Object.assign(editor.code.window, { showQuickPick: (items: any, options: any) => {
      ({ placeHolder } = options);
      return showQuickPick(items, options);
    } });
    await command('codebeaker.showRuntimes');
    expect(placeHolder).to.equal('The runtimes of the daemon at wss://box');
  });

  it('shows what the doctor says of this machine (V10)', async () => {
    const { editor, command } = bench();
    editor.trusted = false;
    editor.settings.set('codebeaker.server.path', process.execPath);
    editor.settings.set('codebeaker.server.config', 'none');
    const going = command('codebeaker.doctor');
    expect(editor.channels.get('CodeBeaker Doctor')).to.match(/^Looking at what this machine can run/);
    await going;
    // Node says that it has no script of that name.
    expect(editor.channels.get('CodeBeaker Doctor')).to.match(/Cannot find module .*doctor/);
  });

  it('says that the daemon keeps crashing, and restarts it on request', async () => {
    const { editor, connections, connection, open } = bench();
    await open('/w/a.py');
    editor.press = 'Restart';
    for (let death = 0; death < 5; death += 1) {
      connection().die();
      await settle();
    }
    expect(editor.messages.at(-1)?.buttons).to.deep.equal(['Show Log', 'Restart']);
    expect(connections).to.have.lengthOf(6);
  });

  describe('shows a failed run as a problem', () => {
    const failed = async () => {
      const made = bench();
      await made.open('/w/a.py', 'python', 'raise ValueError("x")\n');
      made.connection().answer('command/runCode', ({ commandId }) => {
        made.connection().output(commandId, 0, 'Traceback\r\n  File "/workspace/a.py", line 1, in <module>\r\nValueError: x\r\n', 'pty');
        return execution({ exitCode: 1 });
      });
      await made.command('codebeaker.run');
      expect(made.editor.problems.get('file:///w/a.py')?.map(({ message }) => message)).to.deep.equal(['ValueError: x']);
      return made;
    };

    it('until the file runs again', async () => {
      const { editor, connection, command } = await failed();
      connection().answer('command/runCode', () => execution());
      await command('codebeaker.run');
      expect(editor.problems.size).to.equal(0);
    });

    it('until the text is edited (V7)', async () => {
      const { editor } = await failed();
      editor.documentChanged.fire({ document: fakeDocument(Uri.file('/w/a.py'), 'python', ''), contentChanges: [] });
      editor.documentChanged.fire({ document: fakeDocument(Uri.file('/w/b.py'), 'python', ''), contentChanges: [{}] });
      expect(editor.problems.size, 'it is saved, or another text is edited').to.equal(1);
      editor.documentChanged.fire({ document: fakeDocument(Uri.file('/w/a.py'), 'python', ''), contentChanges: [{}] });
      expect(editor.problems.size).to.equal(0);
    });

    it('until the terminal is closed (V7)', async () => {
      const { editor } = await failed();
      editor.terminals[0]?.pty.close();
      expect(editor.problems.size).to.equal(0);
    });

    it('until the terminal shows another file (V7)', async () => {
      const { editor, connection, open, command } = await failed();
      editor.settings.set('codebeaker.keepSessions', 1);
      connection().answer('command/runCode', () => execution());
      await open('/w/b.py');
      await command('codebeaker.run');
      expect(editor.problems.size).to.equal(0);
    });
  });

  describe('brings home what the program made (V9)', () => {
    const ran = async () => {
      const made = bench();
      made.disk.files.set('b.py', 'beside');
      await made.open('/w/a.py');
      made.connection().answer('command/listDirectory', ({ path }) => ({
        path, truncated: false,
        entries: [['a.py', 4, 1000], ['b.py', 6, 0], ['out.csv', 3, 1005]].map(([name, size, mtimeMs]) => ({ name, path: `/workspace/${name}`, type: 'file', size, mtimeMs, mode: 0o644 })),
      }));
      await made.command('codebeaker.run');
      return made;
    };

    it('names it in the terminal and marks it in the view', async () => {
      const { editor, clock } = await ran();
      expect(textOf(editor.terminals[0] as never)).to.match(/✓ .*\nmade or changed in the sandbox: out\.csv \(CodeBeaker: Save What the Program Made\)\n$/);
      await clock.advance(100);
      const tree = editor.providers.get('tree');
      const children = await tree.getChildren({ kind: 'session', session: session({ sessionId: 's1' }) });
      expect(children.map((node: never) => [tree.getTreeItem(node).label, tree.getTreeItem(node).description])).to.deep.equal([
        ['out.csv', 'new · 3 B'], ['a.py', '4 B'], ['b.py', '6 B'],
      ]);
      expect(editor.providers.get('decorations').provideFileDecoration(fileUri(editor.code, 's1', '/workspace/out.csv')).badge).to.equal('N');
      expect(editor.providers.get('decorations').provideFileDecoration(fileUri(editor.code, 's1', '/workspace/b.py'))).to.equal(undefined);
    });

    it('offers what is new or changed to be saved, and saves nothing that is not picked', async () => {
      const { editor, connection, command } = await ran();
      let offered: any[] = [];
      editor.picked = (items) => {
        offered = items;
        return undefined;
      };
      await command('codebeaker.files.saveMade');
      expect(offered.map(({ label, description, picked }) => [label, description, picked])).to.deep.equal([['out.csv', 'new · 3 B', true]]);
      expect(connection().calls('command/readFile')).to.deep.equal([]);
    });
  });

  it('has tasks that end with the exit code and close their sandbox', async () => {
    const { editor, connection, open } = bench();
    await open('/w/a.py');
    const provider = editor.providers.get('tasks');
    const [offered] = provider.provideTasks();
    expect(offered.definition).to.deep.equal({ type: 'codebeaker', file: 'a.py' });
    const task = provider.resolveTask({ definition: { type: 'codebeaker', file: 'a.py', args: ['x'], env: { A: '1' } }, scope: editor.folders[0] });
    connection().answer('command/runCode', () => execution({ exitCode: 3 }));
    const terminal = openPty('task', await task.execution.callback(task.definition));
    await settle();
    await settle();
    expect(terminal.closedWith).to.equal(3);
    expect(connection().calls('command/runCode')[0].args).to.deep.equal(['x']);
    expect(connection().calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
  });

  it('has tasks that show why they cannot be run', async () => {
    const { editor, open } = bench();
    await open('/w/a.py');
    const task = editor.providers.get('tasks').resolveTask({ definition: { type: 'codebeaker', file: 'no.py' }, scope: undefined });
    const terminal = openPty('task', await task.execution.callback(task.definition));
    await settle();
    expect(textOf(terminal)).to.match(/no\.py cannot be read/);
    expect(terminal.closedWith).to.equal(125);
  });

  it('lists the runtimes, and says why one is not available', async () => {
    const { editor, open, command, connections } = bench([runtime('docker', { available: false, reason: 'not installed' }), usual[1] as RuntimeInfo]);
    await open('/w/a.js', 'javascript');
    let items: any[] = [];
    editor.picked = (offered) => {
      items = offered;
      return offered.find(({ label }) => label === 'Look again');
    };
    await command('codebeaker.showRuntimes');
    expect(items.slice(0, 2).map(({ label, detail }) => [label, detail])).to.deep.equal([
      ['$(circle-slash) docker', 'not installed'],
      ['$(pass) deno', 'javascript'],
    ]);
    expect(connections).to.have.lengthOf(2);
  });

  it('lists the runtimes with versions that are known to be broken', async () => {
    const weakness = { id: 'CVE-1', component: 'runc', version: '1.1.11', allows: 'lets an image out', fixedIn: ['1.1.12'], url: 'https://example.com/' };
    const { editor, open, command } = bench((['open', 'unknown', 'unreached'] as const).map((state) => runtime(state, { weaknesses: [{ ...weakness, state }] })));
    await open('/w/a.js', 'javascript');
    let items: any[] = [];
    editor.picked = (offered) => void (items = offered);
    await command('codebeaker.showRuntimes');
    expect(items.slice(0, 3).map(({ label, detail }) => [label, detail])).to.deep.equal([
      ['$(warning) open', 'runc 1.1.11 is known to be broken (CVE-1): update it to 1.1.12 or later · python, javascript'],
      ['$(warning) unknown', 'runc 1.1.11 is known to be broken (CVE-1), unless your distribution has mended it: install its updates · python, javascript'],
      ['$(pass) unreached', 'python, javascript'],
    ]);
  });

  it('stops everything when the editor ends', async () => {
    const { clock, connection, open, command, parts, subscriptions } = bench();
    await open('/w/a.py');
    endless(connection());
    void command('codebeaker.run');
    await settle();
    await parts.stop();
    for (const subscription of subscriptions) subscription.dispose();
    expect(connection().closed).to.equal(true);
    expect(clock.pending).to.equal(0);
  });
});
