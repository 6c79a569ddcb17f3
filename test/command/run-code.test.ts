/** Running source code: its phases, its temporary files, its language. */
import { expect } from 'chai';
import { parse } from 'zod/mini';
import { type ErrorKind, ProtocolError, type RunCodeParams, RunCodeResult } from '../../server/src/protocol/index.ts';
import type { Toolchain } from '../../server/src/runtime/ports.ts';
import { faultOf } from '../session/bench.ts';
import { CommandBench } from './bench.ts';

/** A language that is compiled, with scripts in the place of both phases. */
const compiled = (compile: string, run: string, files?: Record<string, string>): Toolchain['phases'] => (file, args, scratch) => [
  { name: 'compile', command: ['fake', compile, file, scratch], env: { STEP: 'compile', A: 'step' } },
  { name: 'run', command: ['fake', run, ...args], env: { STEP: 'run', A: 'step' }, ...(files ? { files } : {}) },
];

/** Resolves when everything has settled: temporary files are removed after the answer. */
const entriesOf = async (bench: CommandBench) => {
  await bench.settle();
  const lists = await Promise.all(['/workspace', '/tmp'].map((path) => bench.sandbox.files.list(path, { recursive: true, limit: 100, accept: () => true })));
  return lists.flatMap(({ entries }) => entries.map(({ path }) => path));
};

describe('code', () => {
  it('that is sent as text is written beside the files that it may import, and removed after the run', async () => {
    const bench = await CommandBench.create();
    await bench.sandbox.files.createDirectory('/workspace/sub', true);
    const running = bench.code({ code: 'echo hi\nforever', cwd: 'sub' });
    await bench.settle();
    const [, file] = await entriesOf(bench);
    expect(file).to.match(/^\/workspace\/sub\/main-[0-9a-f]{8}\.fake$/);
    bench.process.stop({ kind: 'exited', code: 5 });
    const result = await running;
    expect(parse(RunCodeResult, result)).to.deep.equal(result);
    expect(result).to.deep.include({ outcome: 'exited', exitCode: 5, stdout: 'hi\n', language: 'python' });
    expect(result.phases).to.deep.equal([{ name: 'run', outcome: 'exited', exitCode: 5, signal: null, durationMs: 0 }]);
    expect(await entriesOf(bench)).to.deep.equal(['/workspace/sub']);
  });

  it('that is cancelled while an interpreter that waited is let go never runs (K11)', async () => {
    const bench = await CommandBench.create();
    bench.wait((_stdin, _sink, stop) => new Promise((resolve) => stop?.addEventListener('abort', () => resolve(undefined))));
    const running = bench.code({ code: 'echo hi' });
    await bench.settle();
    bench.controller.abort();
    expect(await running).to.include({ outcome: 'cancelled', exitCode: null, stdout: '' });
    expect(bench.sandbox.processes).to.deep.equal([]);
  });

  it('that cannot be run by the interpreter that waited is run from the beginning', async () => {
    const bench = await CommandBench.create();
    bench.wait(() => Promise.resolve(undefined));
    expect(await bench.code({ code: 'echo hi' })).to.include({ exitCode: 0, stdout: 'hi\n' });
  });

  it('that is named by its path is not removed', async () => {
    const bench = await CommandBench.create();
    await bench.sandbox.files.write('/tmp/a.py', Buffer.from('args'), { mode: 'overwrite', executable: undefined });
    expect(await bench.code({ path: '/tmp/../tmp/a.py', args: ['x', '', '-y'] })).to.include({ stdout: 'x\0\0-y\0' });
    expect(await entriesOf(bench)).to.deep.equal(['/tmp/a.py']);
  });

  it('of a file with the extension of another language runs as what the client says, where the toolchain would not (L5)', async () => {
    const ran: string[] = [];
    const phases: Toolchain['phases'] = (file, args) => {
      ran.push(file);
      return [{ name: 'run', command: ['run-file', file, ...args], env: {} }];
    };
    const bench = await CommandBench.create({ minds: 'extension', phases });
    const put = (path: string) => bench.sandbox.files.write(path, Buffer.from('args'), { mode: 'overwrite', executable: undefined });
    for (const path of ['/workspace/notes.txt', '/workspace/notes.txt.fake', '/workspace/a.py']) await put(path);
    expect(await bench.code({ path: 'a.py', args: ['x'] })).to.include({ stdout: 'x\0' });
    await put('/workspace/other.txt');
    expect(await bench.code({ path: 'other.txt', args: ['x'] })).to.include({ stdout: 'x\0', exitCode: 0 });
    expect(ran).to.deep.equal(['/workspace/a.py', '/workspace/other.txt.fake']);
    await bench.code({ path: 'notes.txt' });
    expect(ran.at(-1)).to.match(/^\/workspace\/main-\w+\.fake$/);
    expect(await entriesOf(bench)).to.have.members(['/workspace/notes.txt', '/workspace/notes.txt.fake', '/workspace/a.py', '/workspace/other.txt']);
  });

  it('is written to /tmp if its folder cannot be written', async () => {
    const bench = await CommandBench.create();
    bench.sandbox.files.doing = (operation, path) => {
      if (operation === 'write' && path.startsWith('/workspace/')) throw new ProtocolError('InvalidPath', `${path}: it is read-only`);
    };
    const running = bench.code({ code: 'pwd' });
    await bench.settle();
    expect((await running).stdout).to.equal('/workspace\n');
    expect(await entriesOf(bench)).to.deep.equal([]);
  });

  for (const kind of ['DiskFull', 'SandboxLost'] as const) {
    it(`does not run if it cannot be written for another reason: ${kind}`, async () => {
      const bench = await CommandBench.create();
      bench.sandbox.files.doing = (operation) => {
        if (operation === 'write') throw new ProtocolError(kind, 'no');
      };
      expect((await faultOf(bench.code({ code: '' }))).kind).to.equal(kind);
    });
  }

  it('is removed also if the run is cancelled, and a sandbox that is gone causes no error', async () => {
    const bench = await CommandBench.create();
    const running = bench.code({ code: 'forever' });
    await bench.settle();
    bench.controller.abort();
    await running;
    expect(await entriesOf(bench)).to.deep.equal([]);
    const other = bench.code({ code: 'forever' }, new AbortController().signal);
    await bench.settle();
    bench.sandbox.destroy();
    expect((await other).outcome).to.equal('sandboxLost');
  });

  it('gets the same settings as every program', async () => {
    const bench = await CommandBench.create({ env: { A: 'session' } });
    expect(await bench.code({ code: 'cat\nenv A\nenv B', stdin: 'in ', env: { B: 'b' }, outputEncoding: 'base64' })).to.include({ stdout: Buffer.from('in sessionb').toString('base64') });
  });
});

describe('phases', () => {
  it('belong to one command: the input is for the last one, the limits of time and output for all together (F-F3)', async () => {
    const bench = await CommandBench.create({ phases: compiled('echo compiling\nsleep 5', 'cat\nenv A\nargs') });
    const running = bench.code({ code: '', interactive: true, commandId: 'c', args: ['x'], env: { B: 'b' } });
    bench.commands.get('c').input(Buffer.from('in'), true);
    await bench.clock.advance(5);
    const result = await running;
    expect(bench.sent.map(({ data }) => data).join('')).to.equal('compiling\ninstepx\0');
    expect(result.phases).to.deep.equal([
      { name: 'compile', outcome: 'exited', exitCode: 0, signal: null, durationMs: 5 },
      { name: 'run', outcome: 'exited', exitCode: 0, signal: null, durationMs: 0 },
    ]);
    expect(bench.sandbox.processes.map(({ program }) => [program.stdin, program.env])).to.deep.equal([
      ['none', { STEP: 'compile', A: 'step', B: 'b' }],
      ['open', { STEP: 'run', A: 'step', B: 'b' }],
    ]);
    expect(await entriesOf(bench)).to.deep.equal([]);
  });

  const failures: Record<string, [script: string, result: object]> = {
    'fails': ['warn no\nexit 2', { outcome: 'exited', exitCode: 2, stderr: 'no\n' }],
    'crashes': ['crash SIGILL', { outcome: 'signaled', signal: 'SIGILL' }],
    'runs out of memory': ['oom', { outcome: 'memoryLimit' }],
    'prints too much': ['flood 100000', { outcome: 'outputLimit' }],
  };
  for (const [name, [script, expected]] of Object.entries(failures)) {
    it(`stop after one that ${name}`, async () => {
      const bench = await CommandBench.create({ phases: compiled(script, 'echo ran'), limits: { outputBytes: 1000 } });
      const result = await bench.code({ code: '' });
      expect(result).to.include(expected);
      expect(result.phases.map(({ name: phase }) => phase)).to.deep.equal(['compile']);
      expect(await entriesOf(bench)).to.deep.equal([]);
    });
  }

  it('have the files they need', async () => {
    const bench = await CommandBench.create({ phases: compiled('', 'forever', { '/tmp/needed': 'text' }) });
    const running = bench.code({ code: '' });
    await bench.settle();
    expect((await bench.sandbox.files.read('/tmp/needed', 0, undefined)).bytes.toString()).to.equal('text');
    bench.controller.abort();
    await running;
  });

  it('have a terminal only for the last one', async () => {
    const bench = await CommandBench.create({ phases: compiled('', '') });
    await bench.code({ code: '', pty: { cols: 8, rows: 4 } });
    expect(bench.sandbox.processes.map(({ program }) => program.pty)).to.deep.equal([undefined, { cols: 8, rows: 4 }]);
  });

  it('let the next command begin once the first one has started', async () => {
    const bench = await CommandBench.create({ phases: compiled('forever', '') });
    const running = bench.code({ code: '' });
    await bench.settle();
    expect((await bench.shell('echo beside', {}, new AbortController().signal)).stdout).to.equal('beside\n');
    bench.controller.abort();
    await running;
  });
});

describe('a run that is not possible', () => {
  const refused: Record<string, [params: Partial<RunCodeParams>, kind: ErrorKind]> = {
    'neither text nor path': [{}, 'InvalidParams'],
    'both text and path': [{ code: '', path: 'a.py' }, 'InvalidParams'],
    'a path outside the sandbox’s folders': [{ path: '/etc/passwd' }, 'InvalidPath'],
    'the path /workspace itself': [{ path: '/workspace' }, 'InvalidPath'],
    'a language that the sandbox does not contain': [{ code: '', language: 'go' }, 'LanguageUnsupported'],
    'more than 32 MiB': [{ code: 'a'.repeat(32 * 1024 * 1024 + 1) }, 'FileTooLarge'],
  };
  for (const [name, [params, kind]] of Object.entries(refused)) {
    it(`is refused and leaves nothing behind: ${name}`, async () => {
      const bench = await CommandBench.create();
      expect((await faultOf(bench.code({ commandId: 'c', ...params }))).kind).to.equal(kind);
      expect(await entriesOf(bench)).to.deep.equal([]);
      expect([bench.commands.find('c'), bench.clock.pending, bench.session.state]).to.deep.equal([undefined, 0, 'ready']);
    });
  }

  const missing: Record<string, [params: Partial<RunCodeParams>, kind: ErrorKind, words: string]> = {
    'text in a folder that is not there': [{ code: 'echo', cwd: 'nodir/sub' }, 'FileNotFound', 'the working directory /workspace/nodir/sub does not exist'],
    'text in a folder that is a file': [{ code: 'echo', cwd: 'file' }, 'WrongFileType', 'the working directory /workspace/file is not a directory'],
    'a path where nothing is': [{ path: 'missing' }, 'FileNotFound', '/workspace/missing'],
    'a path that is a directory': [{ path: 'folder' }, 'WrongFileType', '/workspace/folder'],
  };
  for (const [name, [params, kind, words]] of Object.entries(missing)) {
    it(`is refused, and nothing is made (T12): ${name}`, async () => {
      const bench = await CommandBench.create();
      await bench.sandbox.files.write('/workspace/file', Buffer.from(''), { mode: 'create', executable: undefined });
      await bench.sandbox.files.createDirectory('/workspace/folder', false);
      const fault = await faultOf(bench.code(params));
      expect([fault.kind, bench.sandbox.processes]).to.deep.equal([kind, []]);
      expect(fault.message).to.include(words);
      expect(await entriesOf(bench)).to.have.members(['/workspace/file', '/workspace/folder']);
    });
  }

  it('is refused with the tools that are missing', async () => {
    const bench = await CommandBench.create();
    expect((await faultOf(bench.code({ code: '', language: 'csharp' }))).message).to.equal('this sandbox cannot run csharp, because there is no dotnet 10.0 or later, or mcs + mono in its PATH; use another image or runtime');
  });
});
