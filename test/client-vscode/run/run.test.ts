import { expect } from 'chai';
import { noOptions, type Options } from '../../../client-vscode/src/run/options.ts';
import { Run } from '../../../client-vscode/src/run/run.ts';
import { Screen } from '../../../client-vscode/src/run/screen.ts';
import type { Source } from '../../../client-vscode/src/run/source.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, openPty, textOf, Uri } from '../../fakes/code.ts';
import { FakeDisk } from '../../fakes/disk.ts';
import { execution, fault, FakeLink, session, settle } from '../../fakes/link.ts';

interface Given {
  readonly options?: Options;
  readonly folder?: string;
  readonly virtual?: boolean;
  readonly capabilities?: object;
}

function bench({ options = noOptions, folder, virtual = false, capabilities }: Given = {}) {
  const { code } = new FakeCode();
  const clock = new FakeClock();
  const link = new FakeLink(capabilities);
  const screen = new Screen(code);
  const terminal = openPty('a.py', screen.pty);
  const source = {
    uri: Uri.file('/w/a.py'), language: 'python', text: 'code', path: 'a.py', name: 'a.py', folder: folder === undefined ? undefined : Uri.file(folder), virtual,
  } as unknown as Source;
  const disk = new FakeDisk();
  disk.files.set('a.py', 'code').set('b.py', 'beside');
  const room = { made: 0, any: true };
  const help = {
    disk,
    makeRoom: async () => {
      room.made += 1;
      return room.any;
    },
  };
  const run = new Run({ source, options, chosen: {}, strict: false, part: false }, { code, clock, screen, help, id: 'r1', random: () => 7 });
  return { link, run, disk, room, terminal, screen, clock, shown: () => textOf(terminal) };
}

describe('a run', () => {
  it('opens a session, writes the text, runs it, and says how it ended', async () => {
    const { link, run, shown } = bench();
    link.answer('command/runCode', async ({ commandId }) => {
      link.output(commandId, 0, 'hello\r\n', 'pty');
      return execution({ usage: { cpuMs: 1, peakMemoryBytes: 10 * 1024 * 1024 } });
    });
    const end = await run.go(link);
    expect(link.sent.map(({ method }) => method)).to.deep.equal(['session/create', 'command/writeFile', 'command/runCode', 'command/ack']);
    expect(link.calls('command/writeFile')).to.deep.equal([{ sessionId: 's1', path: 'a.py', content: 'code' }]);
    expect(link.calls('command/runCode')[0]).to.deep.include({ path: 'a.py', commandId: 'r1', pty: { cols: 100, rows: 30 } });
    expect(shown()).to.match(/^a\.py in a sandbox\nhello\n✓ exited with code 0 · 12 ms · 10 MiB · docker\n$/);
    expect(end?.output).to.equal('hello\r\n');
  });

  it('hears its own program only', async () => {
    const { link, run, shown } = bench();
    link.answer('command/runCode', async () => {
      link.output('another', 0, 'not mine');
      return execution();
    });
    await run.go(link);
    expect(shown()).not.to.match(/not mine/);
  });

  it('gives the program what is typed, and the size of the terminal', async () => {
    const { link, run, terminal } = bench();
    link.answer('command/runCode', async () => {
      terminal.pty.handleInput?.('x\x03');
      terminal.pty.setDimensions?.({ columns: 40, rows: 10 });
      return execution();
    });
    await run.go(link);
    expect(link.calls('command/input')).to.deep.equal([{ commandId: 'r1', data: 'x\x03' }]);
    expect(link.calls('command/resize')).to.deep.equal([{ commandId: 'r1', cols: 40, rows: 10 }]);
  });

  it('is a terminal by itself where the program has pipes', async () => {
    const { link, run, terminal, shown } = bench({ capabilities: { pty: undefined } });
    link.answer('command/runCode', async ({ pty, interactive }) => {
      expect([pty, interactive]).to.deep.equal([undefined, true]);
      terminal.pty.handleInput?.('ab\r');
      terminal.pty.handleInput?.('\x03');
      terminal.pty.handleInput?.('\x04');
      link.output('r1', 0, 'one\ntwo\r\n');
      return execution({ outcome: 'signaled', exitCode: null, signal: 'SIGINT' });
    });
    await run.go(link);
    expect(link.calls('command/input')).to.deep.equal([
      { commandId: 'r1', data: 'ab\n' },
      { commandId: 'r1', data: '', end: true },
    ]);
    expect(link.calls('command/signal')).to.deep.equal([{ commandId: 'r1', signal: 'SIGINT' }]);
    expect(shown()).to.match(/ab\n\^C\none\ntwo\n✗ ended by SIGINT/);
  });

  it('takes pipes where this runtime has no terminals', async () => {
    const { link, run } = bench();
    link.answer('command/runCode', ({ pty }) => {
      if (pty) throw fault('LanguageUnsupported');
      return execution();
    });
    await run.go(link);
    expect(link.calls('command/runCode').map(({ interactive }) => interactive)).to.deep.equal([undefined, true]);
  });

  it('uses what is remembered for the file', async () => {
    const { link, run } = bench({ options: { args: ['1', '2'], env: { A: 'b' }, stdin: 'in\n' } });
    await run.go(link);
    expect(link.calls('session/create')[0].env).to.deep.equal({ TERM: 'xterm-256color', A: 'b' });
    expect(link.calls('command/runCode')[0]).to.deep.include({ args: ['1', '2'], stdin: 'in\n' });
    expect(link.calls('command/runCode')[0]).not.to.have.any.keys('pty', 'interactive');
  });

  it('shares the folder, as a copy', async () => {
    const { link, run } = bench({ folder: '/w' });
    await run.go(link);
    expect(link.calls('session/create')[0].workspace).to.deep.equal({ uri: 'file:///w', access: 'copy' });
  });

  it('asks for no folder where there is nothing but the file', async () => {
    const { link, run, disk } = bench({ folder: '/w' });
    disk.files.delete('b.py');
    expect((await run.go(link))?.refused).to.equal(false);
    expect(link.calls('session/create')[0]).not.to.have.property('workspace');
  });

  it('says that a document of a virtual file system is alone', async () => {
    const { link, run, shown } = bench({ virtual: true });
    await run.go(link);
    expect(shown()).to.match(/without its folder: it is not on the disk of this machine\n✓/);
  });

  it('makes room where there are too many sessions, once', async () => {
    const { link, run, room } = bench();
    link.answer('session/create', () => {
      if (room.made === 0) throw fault('TooManySessions');
      return session();
    });
    expect((await run.go(link))?.result.outcome).to.equal('exited');
    const full = bench();
    full.room.any = false;
    full.link.answer('session/create', () => {
      throw fault('TooManySessions');
    });
    expect(await full.run.go(full.link).catch((thrown: unknown) => (thrown as Error).message)).to.equal('TooManySessions');
    expect(full.link.calls('session/create')).to.have.lengthOf(1);
  });

  it('runs without the folder where it can’t be shared, and says so', async () => {
    const { link, run, shown } = bench({ folder: '/w' });
    link.answer('session/create', ({ workspace }) => {
      if (workspace) throw fault('DiskFull', 'the folder is too large');
      return session();
    });
    expect((await run.go(link))?.refused).to.equal(true);
    expect(shown()).to.match(/without its folder: the folder is too large\n✓/);
  });

  it('leaves no session where the text can’t be written', async () => {
    const { link, run, shown } = bench();
    link.answer('command/writeFile', () => {
      throw fault('DiskFull', 'no space');
    });
    expect(await run.go(link).catch((thrown: unknown) => (thrown as Error).message)).to.equal('no space');
    expect(link.calls('session/close')).to.deep.equal([{ sessionId: 's1' }]);
    expect(shown()).to.match(/✗ no space\n$/);
  });

  it('shows progress in one line, and takes it away', async () => {
    const { link, run, shown } = bench();
    link.answer('session/create', ({ workDoneToken }) => {
      link.tell('$/progress', { token: workDoneToken, value: { message: 'pulling', percentage: 40 } });
      return session();
    });
    await run.go(link);
    expect(shown()).to.match(/pulling 40 %…/);
  });

  const endings: Record<string, [object, RegExp]> = {
    'an exit code': [{ exitCode: 3 }, /✗ exited with code 3/],
    'a signal': [{ outcome: 'signaled', exitCode: null, signal: 'SIGSEGV' }, /✗ ended by SIGSEGV/],
    'the time limit': [{ outcome: 'timedOut', exitCode: null }, /✗ stopped: it ran longer than 2 s \(codebeaker\.limits: timeoutMs\)/],
    'the memory limit': [{ outcome: 'memoryLimit', exitCode: null }, /✗ stopped: it used more than 512 MiB of memory/],
    'the output limit': [{ outcome: 'outputLimit', exitCode: null }, /✗ stopped: it printed more than 16 MiB/],
    'a lost sandbox': [{ outcome: 'sandboxLost', exitCode: null }, /✗ the sandbox was lost/],
  };
  for (const [name, [more, wanted]] of Object.entries(endings)) {
    it(`tells of ${name}`, async () => {
      const { link, run, shown } = bench();
      link.answer('command/runCode', () => execution(more));
      await run.go(link);
      expect(shown()).to.match(wanted);
    });
  }

  it('starts the verdict on a line of its own', async () => {
    const { link, run, shown } = bench();
    link.answer('command/runCode', () => {
      link.output('r1', 0, 'no newline', 'pty');
      return execution();
    });
    await run.go(link);
    expect(shown()).to.match(/no newline\n✓/);
  });

  it('stops', async () => {
    const { link, run, shown } = bench();
    link.answer('command/runCode', (_, token) => new Promise((resolve) => {
      token?.onCancellationRequested(() => resolve(execution({ outcome: 'cancelled', exitCode: null })));
    }));
    const going = run.go(link);
    await settle();
    run.stop();
    expect((await going)?.result.outcome).to.equal('cancelled');
    expect(shown()).to.match(/✗ stopped/);
  });

  it('stops before it has started', async () => {
    const { link, run, shown } = bench();
    link.answer('session/create', (_, token) => new Promise((__, reject) => {
      token?.onCancellationRequested(() => reject(fault('RequestCancelled')));
    }));
    const going = run.go(link);
    await settle();
    run.stop();
    expect(await going).to.equal(undefined);
    expect(shown()).to.match(/✗ stopped/);
  });

  it('tells that the daemon died under it', async () => {
    const { link, run, shown } = bench();
    link.answer('command/runCode', () => new Promise(() => undefined));
    const going = run.go(link).catch(() => 'failed');
    await settle();
    link.die();
    expect(await going).to.equal('failed');
    expect(shown()).to.match(/✗ the daemon ended while it ran; run it again/);
  });

  it('goes on to the end when the terminal is closed', async () => {
    const { link, run, terminal } = bench();
    link.answer('command/runCode', () => {
      terminal.pty.close();
      link.output('r1', 0, 'x', 'pty');
      return execution({ outcome: 'cancelled' });
    });
    expect((await run.go(link))?.result.outcome).to.equal('cancelled');
  });

  it('leaves no listener behind', async () => {
    const { link, run, terminal, clock } = bench();
    await run.go(link);
    const before = link.sent.length;
    terminal.pty.handleInput?.('late');
    link.output('r1', 9, 'late');
    expect(link.sent).to.have.lengthOf(before);
    expect(clock.pending).to.equal(0);
  });
});
