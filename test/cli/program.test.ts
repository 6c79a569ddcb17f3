/** What `codebeaker run` gives to its program: the folder, the terminal, variables, input from pipes (L1, L2, L4, L15, L19, L20). */
import { expect } from 'chai';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until as settled } from '../e2e/environment.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { RunBench, type RunOptions } from './bench.ts';

describe('the program of a run', () => {
  const folder = temporaryFolder();
  const put = (name: string, text: string) => {
    const path = join(folder(), name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const until = async (bench: RunBench, check: () => boolean) => {
    for (let turn = 0; turn < 50_000 && !check(); turn += 1) await bench.clock.advance(0);
    expect(check(), 'it never came to that').to.equal(true);
  };
  const fileOf = async ({ runtime }: RunBench, path: string) => (await runtime.made[0]?.files.read(`/workspace/${path}`, 0, undefined).catch(() => undefined))?.bytes.toString();
  const process = ({ runtime }: RunBench) => runtime.made[0]?.processes[0];
  const onTerminal = (more: RunOptions = {}) => new RunBench({ isTTY: true, ...more });

  it('has the files of its folder (L1)', async () => {
    put('helper.py', 'help');
    put('sub/data.txt', '1');
    const bench = new RunBench();
    const running = bench.run(put('main.py', 'forever'));
    await until(bench, () => process(bench) !== undefined);
    expect([await fileOf(bench, 'helper.py'), await fileOf(bench, 'sub/data.txt')]).to.deep.equal(['help', '1']);
    bench.interrupt();
    await running;
  });

  it('is alone, if that is wanted (L1)', async () => {
    put('helper.py', 'help');
    const bench = new RunBench();
    const running = bench.run(put('main.py', 'forever'), { folder: null });
    await until(bench, () => process(bench) !== undefined);
    expect(await fileOf(bench, 'helper.py')).to.equal(undefined);
    bench.interrupt();
    await running;
  });

  it('lies in the folder that is named, and nowhere else (L1)', async () => {
    const bench = new RunBench();
    const running = bench.run(put('src/main.py', 'forever'), { folder: folder() });
    await until(bench, () => process(bench) !== undefined);
    expect(await fileOf(bench, 'src/main.py')).to.equal('forever');
    bench.interrupt();
    await running;
    const other = new RunBench();
    expect(await other.run(put('main.py', ''), { folder: join(folder(), 'src') })).to.equal(125);
    expect(other.shown.stderr).to.contain('src: the file does not lie in this folder');
  });

  it('may do only what the .codebeaker.json of its folder, and of those above it in its repository, allow', async () => {
    put('repository/.git/HEAD', '');
    put('repository/.codebeaker.json', '{"maxLimits": {"pids": 20}}');
    const file = put('repository/sub/main.py', 'exit 3');
    const limitsOf = async (options: Parameters<RunBench['run']>[1]) => {
      const bench = new RunBench();
      expect(await bench.run(file, options), bench.shown.stderr).to.equal(3);
      return bench.runtime.made[0]?.spec.limits.pids;
    };
    expect(await limitsOf({})).to.equal(20);
    expect(await limitsOf({ folder: null }), 'no folder goes along').to.equal(256);
    put('repository/sub/.codebeaker.json', '{"maxLimits": {"pids": 10}}');
    expect(await limitsOf({})).to.equal(10);
    const more = new RunBench();
    expect(await more.run(file, { limits: { pids: 15 } })).to.equal(125);
    expect(more.shown.stderr).to.contain('pids may be at most 10');
    chmodSync(join(folder(), 'repository'), 0o777);
    chmodSync(join(folder(), 'repository/sub'), 0o1777);
    expect(await limitsOf({}), 'folders of anybody').to.equal(256);
    chmodSync(join(folder(), 'repository/sub'), 0o755);
    put('repository/sub/.codebeaker.json', '{"maxLimits": 1}');
    const wrong = new RunBench();
    expect(await wrong.run(file)).to.equal(125);
    expect(wrong.shown.stderr.match(/no session can be made while \.codebeaker\.json can't be followed: maxLimits: /g)).to.have.length(1);
  });

  it('is not run without what --with names (L1)', async () => {
    const told = async (bench: RunBench, file: string, path: string) => {
      expect(await bench.run(file, { with: [path] })).to.equal(125);
      expect(bench.runtime.made).to.deep.equal([]);
      return bench.shown.stderr;
    };
    const main = put('p/main.py', '');
    expect(await told(new RunBench(), main, join(folder(), 'p/none'))).to.equal(`codebeaker: --with ${join(folder(), 'p/none')}: there is no such file\n`);
    expect(await told(new RunBench(), main, put('data.txt', ''))).to.contain(`data.txt: it does not lie in ${join(folder(), 'p')}, the folder that goes along`);
    const piped = new RunBench();
    piped.terminal.stdin.end('#!/usr/bin/python3\n');
    expect(await told(piped, '-', folder())).to.contain('nothing goes along with a program that comes from a pipe');
  });

  it('lies in its folder although its name begins with two dots (L1)', async () => {
    expect(await new RunBench().run(put('..main.py', 'exit 3'), { folder: folder() })).to.equal(3);
  });

  it('runs on a terminal, if stdin and stdout are terminals (L2)', async () => {
    const bench = onTerminal();
    const running = bench.run(put('main.py', 'echo hi\ncat'));
    await until(bench, () => bench.shown.stdout === 'hi\n');
    expect([process(bench)?.program.pty, bench.raw]).to.deep.equal([{ cols: 80, rows: 24 }, [true, 'unchanged']]);
    Object.assign(bench.terminal.stdout, { columns: 100, rows: 30 });
    bench.terminal.stdout.emit('resize');
    await until(bench, () => process(bench)?.sizes.length === 1);
    expect(process(bench)?.sizes).to.deep.equal([{ cols: 100, rows: 30 }]);
    bench.terminal.stdin.write('x');
    await until(bench, () => bench.shown.stdout === 'hi\nx');
    bench.terminal.stdin.end();
    expect([await running, bench.raw]).to.deep.equal([0, [true, 'unchanged', false]]);
  });

  it('is ended by Ctrl-C on a terminal only after the third one (L3)', async () => {
    const bench = onTerminal();
    const running = bench.run(put('main.py', 'cat'));
    await until(bench, () => bench.raw.length === 2);
    bench.terminal.stdin.write('\x03\x03');
    await until(bench, () => bench.shown.stdout === '\x03\x03');
    expect(process(bench)?.kills).to.deep.equal([]);
    bench.terminal.stdin.write('\x03');
    expect(await running).to.equal(130);
  });

  for (const [name, args] of Object.entries({ '--no-tty': { tty: false }, '--json': { json: true } })) {
    it(`does not run on a terminal with ${name} (L2)`, async () => {
      const bench = onTerminal();
      expect(await bench.run(put('main.py', 'echo hi'), args)).to.equal(0);
      expect([process(bench)?.program.pty, bench.raw]).to.deep.equal([undefined, []]);
    });
  }

  it('runs with pipes where the runtime has no terminals, unless a terminal was asked for (L2)', async () => {
    const bench = onTerminal({ pty: false });
    expect([await bench.run(put('main.py', 'echo hi')), bench.shown.stdout, bench.raw]).to.deep.equal([0, 'hi\n', [true, 'unchanged', false]]);
    const other = onTerminal({ pty: false });
    expect([await other.run(put('main.py', 'echo hi'), { tty: true }), other.shown.stdout]).to.deep.equal([125, '']);
  });

  it('has the variables that are named, and what says which colours are wanted (L20)', async () => {
    const bench = new RunBench({ env: { NO_COLOR: '1', TERM: 'dumb', HOME: '/h', C: 'c' } });
    await bench.run(put('main.py', ''), { env: { A: '1', C: undefined, D: undefined, TERM: 'other' } });
    expect(process(bench)?.program.env).to.include({ NO_COLOR: '1', TERM: 'other', A: '1', C: 'c' }).and.not.to.have.any.keys('HOME', 'D');
  });

  it('has secrets of the configuration, of variables here and of files, and shows none of them (F-E7)', async () => {
    const file = put('token', 'of a file\n');
    const bench = new RunBench({ env: { HERE: 'of a variable', CONFIGURED: 'not this one' }, config: { secrets: { CONFIGURED: { env: 'X' } } } });
    await bench.run(put('main.py', 'env HERE\nenv FILE\nenv CONFIGURED'), { secrets: { HERE: undefined, FILE: file, CONFIGURED: undefined } });
    expect(process(bench)?.program.env).to.include({ HERE: 'of a variable', FILE: 'of a file', CONFIGURED: 'configured CONFIGURED' });
    expect(bench.shown).to.deep.equal({ stdout: '*********', stderr: '' });
  });

  it('is not run without the hosts to which a secret is bound', async () => {
    const bench = new RunBench({ config: { secrets: { API: { env: 'X', hosts: ['api.example'], header: 'Authorization' } } } });
    expect(await bench.run(put('main.py', ''), { secrets: { API: undefined } })).to.equal(125);
    expect(bench.shown.stderr).to.equal('codebeaker: --secret: the secret API is bound to api.example:443, which this session does not reach; add api.example:443 to the hosts of its network (codebeaker run --allow api.example:443)\n');
  });

  it('is not run without a secret that is nowhere', async () => {
    for (const [secrets, words] of [[{ NONE: undefined }, 'the configuration has no secret of this name'], [{ NONE: '/no/such/file' }, '/no/such/file: there is no such file']] as const) {
      const bench = new RunBench();
      expect(await bench.run(put('main.py', ''), { secrets })).to.equal(125);
      expect(bench.shown.stderr).to.contain(words);
    }
  });

  it('comes from stdin (L4)', async () => {
    const bench = new RunBench();
    bench.terminal.stdin.end('#!/usr/bin/python3\necho in');
    expect([await bench.run('-'), bench.shown.stderr]).to.deep.equal([127, '']);
    const named = new RunBench();
    named.terminal.stdin.end('echo in');
    expect([await named.run('-', { language: 'python' }), named.shown.stdout]).to.deep.equal([0, 'in\n']);
    const unknown = new RunBench();
    unknown.terminal.stdin.end('echo in');
    expect([await unknown.run('-'), unknown.shown.stderr]).to.satisfy(([code, text]: [number, string]) => code === 125 && text.includes('put --language before the file'));
  });

  it('has a name in capitals, or is known by its first line (L4)', async () => {
    for (const name of ['UP.PY', 'app.pyw']) expect(await new RunBench().run(put(name, 'exit 3')), name).to.equal(3);
    const bench = new RunBench();
    await bench.run(put('tool', '#!/usr/bin/env python3\n'));
    expect(bench.shown.stderr).to.equal('');
  });

  it('comes from a named pipe (L15)', async () => {
    const pipe = join(folder(), 'pipe.py');
    execFileSync('mkfifo', [pipe]);
    const bench = new RunBench();
    const [code] = await Promise.all([bench.run(pipe), promisify(execFile)('sh', ['-c', 'echo "echo piped" > "$0"', pipe])]);
    expect([code, bench.shown.stdout]).to.deep.equal([0, 'piped\n']);
  });

  it('can be interrupted while nobody writes into its pipe (L15)', async () => {
    const pipe = join(folder(), 'pipe.py');
    execFileSync('mkfifo', [pipe]);
    for (const turns of [0, 1, 2, 5, 20]) {
      const bench = new RunBench();
      const running = bench.run(pipe);
      for (let turn = 0; turn < turns; turn += 1) await bench.clock.advance(0);
      bench.interrupt('SIGTERM');
      expect([await running, bench.runtime.made]).to.deep.equal([143, []]);
    }
    await settled('its pipe is closed', () => !readdirSync('/proc/self/fd').some((fd) => targetOf(fd) === pipe));
  });

  it('is no device, and fits into the sandbox (L15)', async () => {
    const device = new RunBench();
    expect([await device.run('/dev/zero', { language: 'python' }), device.shown.stderr]).to.deep.equal([125, 'codebeaker: /dev/zero: it is neither a file nor a pipe\n']);
    const path = put('main.py', '');
    truncateSync(path, 129 * 2 ** 20);
    const large = new RunBench();
    expect([await large.run(path), large.shown.stderr]).to.deep.equal([125, `codebeaker: ${path}: it has 135266304 bytes, and the sandbox has room for 128m; --disk and --memory make more room\n`]);
  });

  it('is sent in pieces (L15)', async () => {
    const path = put('main.py', `exit 4\n${'#'.repeat(3 * 2 ** 20)}`);
    const bench = new RunBench();
    const running = bench.run(path);
    await until(bench, () => process(bench) !== undefined);
    expect((await fileOf(bench, 'main.py'))?.length).to.equal(7 + 3 * 2 ** 20);
    await running;
  });

  const MiB = 2 ** 20;
  const above: Record<string, [limits: object, words: string]> = {
    '--memory': [{ memoryBytes: 65 * MiB }, '--memory may be at most 64m here; maxLimits.memoryBytes in the configuration file allows no more'],
    '--cpus': [{ cpus: 3 }, '--cpus may be at most 2.5 here; maxLimits.cpus in'],
    '--timeout': [{ timeoutMs: 0 }, '--timeout may be at most 500ms here'],
  };
  for (const [option, [limits, words]] of Object.entries(above)) {
    it(`is not run with more than the configuration allows, which ${option} is told for (L19)`, async () => {
      const bench = new RunBench({ config: { maxLimits: { memoryBytes: 64 * MiB, cpus: 2.5, timeoutMs: 500 } } });
      expect(await bench.run(put('main.py', 'echo hi'), { limits })).to.equal(125);
      expect(bench.shown.stderr).to.match(/^codebeaker: /).and.to.contain(words);
    });
  }

  it('is told that its disk is lowered to half of the memory (L19)', async () => {
    const bench = new RunBench();
    expect(await bench.run(put('main.py', 'echo hi'), { limits: { diskBytes: 300 * MiB } })).to.equal(0);
    expect(bench.shown.stderr).to.equal('codebeaker: --disk is lowered to 256m, half of the memory; --memory makes more room\n');
  });

  it('is told of as one JSON object, in which what is not text has its encoding (L20)', async () => {
    const bench = new RunBench();
    await bench.run(put('main.py', 'bytes\nwarn é'), { json: true });
    const { stdout, stdoutEncoding, stderr, stderrEncoding } = JSON.parse(bench.shown.stdout) as Record<string, string>;
    expect([Buffer.from(stdout ?? '', 'base64').length, stdoutEncoding, stderr, stderrEncoding]).to.deep.equal([256, 'base64', 'é\n', 'utf-8']);
  });

  it('is told of as one JSON object although it was not started (L20)', async () => {
    const bench = new RunBench();
    await bench.run(join(folder(), 'none.py'), { json: true });
    expect(JSON.parse(bench.shown.stdout)).to.deep.equal({ outcome: 'notStarted', exitCode: null, signal: null, error: { message: `${join(folder(), 'none.py')}: there is no such file` } });
  });
});

/** What a descriptor of this process leads to. undefined: it has just been closed. */
function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}
