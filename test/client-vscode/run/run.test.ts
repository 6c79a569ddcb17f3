import { expect } from 'chai';
import { noOptions, type Options } from '../../../client-vscode/src/run/source/options.ts';
import { ChosenRuntimes } from '../../../client-vscode/src/run/chosen.ts';
import { Run, type RunEnd } from '../../../client-vscode/src/run/run.ts';
import { Screen } from '../../../client-vscode/src/run/terminal/screen.ts';
import type { Source, Withheld } from '../../../client-vscode/src/run/source/source.ts';
import { hasFailed } from '../../../client-vscode/src/run/verdict.ts';
import { casesOf, expectedOf } from '../../client-cases/cases.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, openPty, textOf, Uri } from '../../fakes/code.ts';
import { FakeDisk } from '../../fakes/disk.ts';
import { execution, fault, FakeConnection, session, settle } from '../../fakes/connection.ts';

interface Given {
  readonly options?: Options;
  readonly folder?: string;
  readonly cwd?: string;
  readonly withheld?: Withheld;
  readonly capabilities?: object;
}

function bench({ options = noOptions, folder, cwd = '.', withheld, capabilities }: Given = {}) {
  const { code } = new FakeCode();
  const clock = new FakeClock();
  const connection = new FakeConnection(capabilities);
  const screen = new Screen(code);
  const terminal = openPty('a.py', screen.pty);
  const source = {
    uri: Uri.file('/w/a.py'), language: 'python', text: 'code', path: 'a.py', name: 'a.py', folder: folder === undefined ? undefined : Uri.file(folder), withheld, cwd,
  } as unknown as Source;
  const disk = new FakeDisk();
  disk.files.set('a.py', 'code').set('b.py', 'beside');
  const room = { made: 0, any: true };
  const supply = {
    disk,
    makeRoom: async () => {
      room.made += 1;
      return room.any;
    },
  };
  const run = new Run({ source, options, profile: {}, strict: false, isSelection: false }, { code, clock, screen, supply, chosen: new ChosenRuntimes(code), id: 'r1', random: () => 7 });
  return { connection, run, disk, room, terminal, screen, clock, shown: () => textOf(terminal) };
}

describe('a run', () => {
  it('creates a session, writes the text, runs it, and shows how it ended', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/runCode', async ({ commandId }) => {
      connection.output(commandId, 0, 'hello\r\n', 'pty');
      return execution({ usage: { cpuMs: 1, peakMemoryBytes: 10 * 1024 * 1024 } });
    });
    const end = await run.runInSandbox(connection);
    expect(connection.sent.map(({ method }) => method)).to.deep.equal(['session/create', 'command/writeFile', 'command/runCode', 'command/ack']);
    expect(connection.calls('command/writeFile')).to.deep.equal([{ sessionId: 's1', path: 'a.py', content: 'code' }]);
    expect(connection.calls('command/runCode')[0]).to.deep.include({ path: 'a.py', commandId: 'r1', pty: { cols: 100, rows: 30 } });
    expect(shown()).to.match(/^a\.py in a sandbox\nhello\n✓ exited with code 0 · 12 ms · 10 MiB · docker\n$/);
    expect(end?.output).to.equal('hello\r\n');
  });

  it('says below the last line why the runtime was chosen', async () => {
    const { connection, run, shown } = bench();
    connection.answer('session/create', () => session({ runtimeReason: 'it starts soon' }));
    connection.answer('command/runCode', () => execution());
    await run.runInSandbox(connection);
    expect(shown()).to.match(/✓ exited with code 0 · 12 ms · docker\ndocker was chosen: it starts soon\n$/);
  });

  for (const { name, runs } of casesOf('chosen')) {
    it(`says why a runtime was chosen, where that is news: ${name}`, () => {
      const chosen = new ChosenRuntimes(new FakeCode().code);
      const told = runs.map(({ language, runtime, reason, named = false }) => chosen.news(language, { runtime, ...(reason === undefined ? {} : { runtimeReason: reason }) }, named) ?? null);
      expect(told).to.deep.equal(runs.map((each) => each.told));
    });
  }

  it('shows the output of its own program only', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/runCode', async () => {
      connection.output('another', 0, 'not mine');
      return execution();
    });
    await run.runInSandbox(connection);
    expect(shown()).not.to.match(/not mine/);
  });

  it('sends the program what is typed, and the size of the terminal', async () => {
    const { connection, run, terminal } = bench();
    connection.answer('command/runCode', async () => {
      terminal.pty.handleInput?.('x\x03');
      terminal.pty.setDimensions?.({ columns: 40, rows: 10 });
      return execution();
    });
    await run.runInSandbox(connection);
    expect(connection.calls('command/input')).to.deep.equal([{ commandId: 'r1', data: 'x\x03' }]);
    expect(connection.calls('command/resize')).to.deep.equal([{ commandId: 'r1', cols: 40, rows: 10 }]);
  });

  it('has a line discipline if the program has pipes', async () => {
    const { connection, run, terminal, shown } = bench({ capabilities: { pty: undefined } });
    connection.answer('command/runCode', async ({ pty, interactive }) => {
      expect([pty, interactive]).to.deep.equal([undefined, true]);
      terminal.pty.handleInput?.('ab\r');
      terminal.pty.handleInput?.('\x03');
      terminal.pty.handleInput?.('\x04');
      connection.output('r1', 0, 'one\ntwo\r\n');
      return execution({ outcome: 'signaled', exitCode: null, signal: 'SIGINT' });
    });
    await run.runInSandbox(connection);
    expect(connection.calls('command/input')).to.deep.equal([
      { commandId: 'r1', data: 'ab\n' },
      { commandId: 'r1', data: '', end: true },
    ]);
    expect(connection.calls('command/signal')).to.deep.equal([{ commandId: 'r1', signal: 'SIGINT' }]);
    expect(shown()).to.match(/ab\n\^C\none\ntwo\n✗ ended by SIGINT/);
  });

  it('uses pipes if the runtime has no terminals', async () => {
    const { connection, run } = bench();
    connection.answer('command/runCode', ({ pty }) => {
      if (pty) throw fault('LanguageUnsupported');
      return execution();
    });
    await run.runInSandbox(connection);
    expect(connection.calls('command/runCode').map(({ interactive }) => interactive)).to.deep.equal([undefined, true]);
  });

  it('uses the arguments, environment and input', async () => {
    const { connection, run } = bench({ options: { args: ['1', '2'], env: { A: 'b' }, stdin: 'in\n' } });
    await run.runInSandbox(connection);
    expect(connection.calls('session/create')[0].env).to.deep.equal({ TERM: 'xterm-256color', A: 'b' });
    expect(connection.calls('command/runCode')[0]).to.deep.include({ args: ['1', '2'], stdin: 'in\n' });
    expect(connection.calls('command/runCode')[0]).not.to.have.any.keys('pty', 'interactive');
  });

  it('copies the folder into the sandbox', async () => {
    const { connection, run } = bench({ folder: '/w' });
    await run.runInSandbox(connection);
    expect(connection.calls('session/create')[0].workspace).to.deep.equal({ uri: 'file:///w', access: 'copy' });
  });

  it('asks for no folder if the file is alone in it', async () => {
    const { connection, run, disk } = bench({ folder: '/w' });
    disk.files.delete('b.py');
    expect((await run.runInSandbox(connection))?.folderRefused).to.equal(false);
    expect(connection.calls('session/create')[0]).not.to.have.property('workspace');
  });

  it('says that a document of a virtual file system runs without other files', async () => {
    const { connection, run, shown } = bench({ withheld: 'virtual' });
    await run.runInSandbox(connection);
    expect(shown()).to.match(/without the other files of its folder: it is not on the disk of this machine\n✓/);
  });

  it('says that no folder is copied in Restricted Mode, if there is more in the folder (V4)', async () => {
    const { connection, run, shown } = bench({ withheld: 'untrusted' });
    await run.runInSandbox(connection);
    expect(shown()).to.match(/without the other files of its folder: the workspace is in Restricted Mode; .*\n✓/);
    const alone = bench({ withheld: 'untrusted' });
    alone.disk.files.delete('b.py');
    await alone.run.runInSandbox(alone.connection);
    expect(alone.shown()).to.match(/^a\.py in a sandbox\n✓/);
  });

  it('says that the folder of a file outside of the workspace is not copied (V4)', async () => {
    const { connection, run, shown } = bench({ withheld: 'outside' });
    await run.runInSandbox(connection);
    expect(shown()).to.match(/without the other files of its folder: the folder is not open in the editor; .*\n✓/);
  });

  it('starts the program in the folder that the source names (V6)', async () => {
    const { connection, run } = bench({ cwd: 'lib' });
    await run.runInSandbox(connection);
    expect(connection.calls('command/runCode')[0].cwd).to.equal('lib');
  });

  it('makes room once if there are too many sessions', async () => {
    const { connection, run, room } = bench();
    connection.answer('session/create', () => {
      if (room.made === 0) throw fault('TooManySessions');
      return session();
    });
    expect((await run.runInSandbox(connection))?.result.outcome).to.equal('exited');
    const full = bench();
    full.room.any = false;
    full.connection.answer('session/create', () => {
      throw fault('TooManySessions');
    });
    expect(await full.run.runInSandbox(full.connection).catch((thrown: unknown) => (thrown as Error).message)).to.equal('TooManySessions');
    expect(full.connection.calls('session/create')).to.have.lengthOf(1);
  });

  it('runs without the folder if it cannot be copied, and says so', async () => {
    const { connection, run, shown } = bench({ folder: '/w' });
    connection.answer('session/create', ({ workspace }) => {
      if (workspace) throw fault('DiskFull', 'the folder is too large');
      return session();
    });
    expect((await run.runInSandbox(connection))?.folderRefused).to.equal(true);
    expect(shown()).to.match(/without the other files of its folder: the folder is too large\n✓/);
  });

  it('closes the session if the text cannot be written', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/writeFile', () => {
      throw fault('DiskFull', 'no space');
    });
    expect(await run.runInSandbox(connection).catch((thrown: unknown) => (thrown as Error).message)).to.equal('no space');
    expect(connection.calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
    expect(shown()).to.match(/✗ no space\n$/);
  });

  it('shows progress in one line, which it clears', async () => {
    const { connection, run, shown } = bench();
    connection.answer('session/create', ({ workDoneToken }) => {
      connection.tell('$/progress', { token: workDoneToken, value: { message: 'pulling', percentage: 40 } });
      return session();
    });
    await run.runInSandbox(connection);
    expect(shown()).to.match(/pulling 40 %…/);
  });

  for (const { name, execution: end, line, failed } of casesOf('verdicts')) {
    it(`shows ${name}`, async () => {
      const { connection, run, shown } = bench();
      connection.answer('command/runCode', () => execution(end));
      const { result } = (await run.runInSandbox(connection)) as RunEnd;
      expect(shown().trimEnd().split('\n').at(-1)).to.equal(expectedOf(line, 'vscode'));
      expect(hasFailed(result)).to.equal(failed);
    });
  }

  it('starts the verdict on a line of its own', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/runCode', () => {
      connection.output('r1', 0, 'no newline', 'pty');
      return execution();
    });
    await run.runInSandbox(connection);
    expect(shown()).to.match(/no newline\n✓/);
  });

  it('stops', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/runCode', (_, token) => new Promise((resolve) => {
      token?.onCancellationRequested(() => resolve(execution({ outcome: 'cancelled', exitCode: null })));
    }));
    const going = run.runInSandbox(connection);
    await settle();
    run.stop();
    expect((await going)?.result.outcome).to.equal('cancelled');
    expect(shown()).to.match(/✗ stopped/);
  });

  it('stops before it has started', async () => {
    const { connection, run, shown } = bench();
    connection.answer('session/create', (_, token) => new Promise((__, reject) => {
      token?.onCancellationRequested(() => reject(fault('RequestCancelled')));
    }));
    const going = run.runInSandbox(connection);
    await settle();
    run.stop();
    expect(await going).to.equal(undefined);
    expect(shown()).to.match(/✗ stopped/);
  });

  it('shows that the daemon ended while it ran', async () => {
    const { connection, run, shown } = bench();
    connection.answer('command/runCode', () => new Promise(() => undefined));
    const going = run.runInSandbox(connection).catch(() => 'failed');
    await settle();
    connection.die();
    expect(await going).to.equal('failed');
    expect(shown()).to.match(/✗ the daemon ended while it ran; run it again/);
  });

  it('runs to its end when the terminal is closed', async () => {
    const { connection, run, terminal } = bench();
    connection.answer('command/runCode', () => {
      terminal.pty.close();
      connection.output('r1', 0, 'x', 'pty');
      return execution({ outcome: 'cancelled' });
    });
    expect((await run.runInSandbox(connection))?.result.outcome).to.equal('cancelled');
  });

  it('leaves no listener behind', async () => {
    const { connection, run, terminal, clock } = bench();
    await run.runInSandbox(connection);
    const before = connection.sent.length;
    terminal.pty.handleInput?.('late');
    connection.output('r1', 9, 'late');
    expect(connection.sent).to.have.lengthOf(before);
    expect(clock.pending).to.equal(0);
  });
});
