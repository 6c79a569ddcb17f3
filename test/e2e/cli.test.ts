/** `codebeaker run` and the other commands, as somebody uses them at a terminal. */
import { expect } from 'chai';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { languageIds } from '../../server/src/protocol/index.ts';
import { runtimeKinds } from '../../server/src/runtime/kinds/table.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import { bubblewrap, controlGroups } from '../runtime/kinds/native/subject.ts';
import { codebeaker, CommandLine, sourceFile } from './command-line.ts';
import { containers, image, processes, until } from './environment.ts';

const MiB = 1024 * 1024;
const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const shell = (text: string) => sourceFile('main.sh', text);
const onDocker = ['--runtime', 'docker'];

describe('codebeaker run, without Docker', function () {
  before(need('deno', npmPackage('deno')));

  it('runs the example', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--runtime', 'deno', example('hello.ts')]);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout.toString()).to.match(/^Hello from TypeScript, in a sandbox!\n/).and.not.to.contain('allowed');
  });

  it('passes on arguments, input and the exit code', async () => {
    const file = sourceFile('echo.ts', 'process.stdin.on("data", (d) => process.stdout.write(d)).on("end", () => { console.log(process.argv.slice(2).join("|")); process.exit(3); });');
    const { code, stdout } = await codebeaker(['run', '--runtime=deno', file, '--', '-x', '', 'a b', '--', '--json'], { input: 'in é\n' });
    expect([code, stdout.toString()]).to.deep.equal([3, 'in é\n-x||a b|--|--json\n']);
  });

  it('stops a program that uses too much memory', async function () {
    // Where bubblewrap has no control groups, the program itself is refused the memory.
    await need('control groups', async () => ((await bubblewrap()) === undefined ? controlGroups() : undefined)).call(this);
    const hog = sourceFile('hog.js', 'const all = []; for (;;) all.push(new Uint8Array(4e6).fill(1));');
    const hogged = await codebeaker(['run', '--runtime=deno', '--memory=200m', hog]);
    expect([hogged.code, hogged.stderr]).to.deep.equal([137, 'codebeaker: stopped: it used more memory than 200m (--memory)\n']);
  });

  it('stops a program that takes too long', async () => {
    const forever = sourceFile('forever.js', 'for (;;);');
    const ended = await codebeaker(['run', '--runtime=deno', '--timeout=1s', forever]);
    expect([ended.code, ended.stderr]).to.deep.equal([124, 'codebeaker: stopped: it ran longer than 1s (--timeout)\n']);
    expect(processes('forever.js')).to.deep.equal([]);
  });
});

describe('codebeaker run', function () {
  before(need('docker', dockerImage(image)));

  const codes: Record<string, [text: string, code: number]> = {
    'success': ['exit 0', 0],
    'failure': ['exit 3', 3],
    'the largest code': ['exit 255', 255],
    'a code like that of a killed program': ['exit 137', 137],
    'a killed program': ['kill -KILL $$', 137],
    'a program ended by a signal': ['kill -TERM $$', 143],
    'a program that does not exist': ['exec /nonexistent', 127],
  };
  for (const [name, [text, expected]] of Object.entries(codes)) {
    it(`has the exit code of ${name}`, async () => {
      const { code, signal } = await codebeaker(['run', ...onDocker, shell(text)]);
      expect([code, signal]).to.deep.equal([expected, null]);
    });
  }

  it('keeps stdout and stderr apart, and adds nothing to them', async () => {
    const { stdout, stderr } = await codebeaker(['run', ...onDocker, shell('echo out; echo err >&2; printf end')]);
    expect([stdout.toString(), stderr]).to.deep.equal(['out\nend', 'err\n']);
  });

  it('passes every byte on, from stdin and to stdout', async () => {
    const bytes = Buffer.from(Array.from({ length: 3 * MiB }, (_, at) => (at * 31 + (at >> 8)) % 256));
    const { code, stdout, stderr } = await codebeaker(['run', ...onDocker, shell('cat')], { input: bytes });
    expect([code, stderr, stdout.length, stdout.equals(bytes)]).to.deep.equal([0, '', bytes.length, true]);
  });

  it('loses nothing of an input that is larger than all buffers, for a program that reads late', async () => {
    const { stdout, stderr } = await codebeaker(['run', ...onDocker, shell('sleep 1; wc -c')], { input: Buffer.alloc(100 * MiB) });
    expect([Number(stdout), stderr]).to.deep.equal([100 * MiB, '']);
  });

  it('gives the program an empty stdin if there is no input', async () => {
    const file = shell('cat; echo end');
    expect((await codebeaker(['run', ...onDocker, file])).stdout.toString()).to.equal('end\n');
    const nothing = openSync('/dev/null', 'r');
    const { stdout } = await new CommandLine(['run', ...onDocker, file], { stdio: [nothing, 'pipe', 'pipe'] }).ended;
    closeSync(nothing);
    expect(stdout.toString()).to.equal('end\n');
  });

  it('ends with the program although its stdin is still open', async () => {
    const { code, stdout } = await new CommandLine(['run', ...onDocker, shell('echo one')]).ended;
    expect([code, stdout.toString()]).to.deep.equal([0, 'one\n']);
  });

  it('prints the result as one line of JSON with --json', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--json', ...onDocker, shell('cat; echo err >&2; exit 5')], { input: 'in' });
    expect([code, stderr, stdout.toString().split('\n').length]).to.deep.equal([5, '', 2]);
    const { isolation, durationMs, usage, phases, ...rest } = JSON.parse(stdout.toString());
    expect(rest).to.deep.equal({
      runtime: 'docker', commandId: 'run', outcome: 'exited', exitCode: 5, signal: null, language: 'shellscript',
      stdout: 'in', stdoutEncoding: 'utf-8', stderr: 'err\n', stderrEncoding: 'utf-8', stdoutBytes: 2, stderrBytes: 4, truncated: false, findings: [],
    });
    expect(phases).to.have.lengthOf(1);
    expect(isolation.layers.map(({ state }: { state: string }) => state)).to.include('enforced');
    expect([durationMs, usage.peakMemoryBytes]).to.satisfy((all: number[]) => all.every((each) => each > 0));
  });

  it('prints JSON for a program that was stopped, and for one that was not started (L20)', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--json', '--timeout=1s', ...onDocker, shell('echo one; sleep 60')]);
    expect([code, stderr]).to.deep.equal([124, '']);
    expect(JSON.parse(stdout.toString())).to.include({ outcome: 'timedOut', stdout: 'one\n' });
    const failed = await codebeaker(['run', '--json', '--runtime=none', shell('echo one')]);
    const known = runtimeKinds(undefined).map(({ id }) => id).join(', ');
    const message = `none: there is no runtime of this name; known: ${known}`;
    expect([failed.code, failed.stderr]).to.deep.equal([125, `codebeaker: ${message}\n`]);
    expect(JSON.parse(failed.stdout.toString())).to.deep.equal({ outcome: 'notStarted', exitCode: null, signal: null, error: { code: 1010, kind: 'RuntimeUnavailable', message } });
    const wrong = await codebeaker(['run', '--json', '--nonsense', 'a.py']);
    expect([wrong.code, JSON.parse(wrong.stdout.toString()).outcome]).to.deep.equal([64, 'notStarted']);
    const unconfigured = await codebeaker(['run', '--config=/nowhere/config.json', '--json', 'a.py']);
    expect([unconfigured.code, JSON.parse(unconfigured.stdout.toString()).outcome]).to.deep.equal([78, 'notStarted']);
    const programs = await codebeaker(['run', '--config=/nowhere/config.json', 'a.py', '--json']);
    expect([programs.code, programs.stdout.toString()], 'the option is the program\'s').to.deep.equal([78, '']);
  });

  it('stops a program that runs too long, and exits with 124', async () => {
    const { pid, code, stdout, stderr } = await codebeaker(['run', '--timeout', '1s', ...onDocker, shell('echo one; sleep 98765')]);
    expect([code, stdout.toString(), stderr]).to.deep.equal([124, 'one\n', 'codebeaker: stopped: it ran longer than 1s (--timeout)\n']);
    expect([containers(pid), processes('sleep 98765')]).to.deep.equal([[], []]);
  });

  it('stops a program that uses too much memory, says so, and exits with 137', async () => {
    const file = sourceFile('hog.py', 'all = []\nwhile True: all.append(bytearray(4_000_000))\n');
    const { code, stderr } = await codebeaker(['run', '--memory', '64m', ...onDocker, file]);
    expect([code, stderr]).to.deep.equal([137, 'codebeaker: stopped: it used more memory than 64m (--memory)\n']);
  });

  it('stops a program that prints too much, and exits with 153 (L7)', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', ...onDocker, shell('yes')], { config: { limits: { outputBytes: 100_000 } } });
    expect([code, stdout.length, stderr]).to.deep.equal([153, 100_000, 'codebeaker: stopped: it printed more than 100000 bytes (--output-limit)\n']);
  });

  for (const [signal, expected] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    it(`exits with ${expected} after ${signal}, and has ended everything that it started (L18)`, async () => {
      const running = new CommandLine(['run', ...onDocker, shell('sleep 98764 & echo ready; sleep 98764')]);
      await until('it runs', () => running.stdout.includes('ready'));
      running.interrupt(signal);
      const { code, stdout, stderr } = await running.ended;
      expect([code, stdout.toString(), stderr]).to.deep.equal([expected, 'ready\n', '']);
      expect([containers(running.pid), processes('sleep 98764')]).to.deep.equal([[], []]);
    });
  }

  it('gives Ctrl-C to the program, which may end in its own way (L3)', async () => {
    const file = sourceFile('main.py', 'import time\ntry:\n  print("ready")\n  time.sleep(60)\nfinally:\n  print("cleaned up")\n');
    const running = new CommandLine(['run', ...onDocker, file]);
    await until('it runs', () => running.stdout.includes('ready'));
    running.interrupt();
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout.toString()]).to.deep.equal([130, 'ready\ncleaned up\n']);
    expect(stderr).to.contain('KeyboardInterrupt');
  });

  it('ends a program that ignores signals after the second one, and leaves nothing behind (L3)', async () => {
    const running = new CommandLine(['run', ...onDocker, shell('trap "" INT TERM; echo ready; while :; do sleep 98763; done')]);
    await until('it runs', () => running.stdout.includes('ready'));
    // Two signals of the same kind could arrive as one.
    running.interrupt('SIGINT');
    running.interrupt('SIGTERM');
    await running.ended;
    await until('nothing is left', () => containers(running.pid).length === 0 && processes('sleep 98763').length === 0);
  });

  it('ends if nobody reads its output any more', async () => {
    const running = new CommandLine(['run', ...onDocker, shell('yes')]);
    await until('something was printed', () => running.stdout.length > 0);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect([code, stderr]).to.deep.equal([141, '']);
    expect(containers(running.pid)).to.deep.equal([]);
  });

  it('says so if its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = await new CommandLine(['run', ...onDocker, shell('echo one; sleep 98762')], { stdio: ['ignore', full, 'pipe'] }).ended;
    closeSync(full);
    expect([code, stderr]).to.deep.equal([125, "codebeaker: the output cannot be written: ENOSPC\n"]);
    expect(processes('sleep 98762')).to.deep.equal([]);
  });

  it('runs a file of any name in the language that --language names', async () => {
    const file = sourceFile("-a 'b'\n.txt", 'print(1 + 1)');
    expect((await codebeaker(['run', '--language=python', ...onDocker, file])).stdout.toString()).to.equal('2\n');
  });
});

describe('codebeaker', () => {
  const unknown = sourceFile('main.cobol', '');

  const faults: Record<string, [args: string[], code: number, stderr: string]> = {
    'a missing file': [['run', 'none.py'], 125, 'codebeaker: none.py: there is no such file\n'],
    'a folder': [['run', tmpdir()], 125, `codebeaker: ${tmpdir()}: it is a folder; name a file in it\n`],
    'an unknown language': [['run', unknown], 125, `codebeaker: ${unknown}: its extension and its first line do not say which language it is; put --language before the file, with one of ${languageIds.join(', ')}\n`],
    'a missing configuration (L18)': [['run', '--config', '/none.json', unknown], 78, 'codebeaker: /none.json: there is no such file\n'],
    'a socket nobody listens at': [['--pipe=/none'], 1, "codebeaker: it cannot connect to the client (ENOENT)\n"],
    'a port nobody listens at': [['--socket=1'], 1, "codebeaker: it cannot connect to the client (ECONNREFUSED)\n"],
  };
  for (const [name, [args, code, stderr]] of Object.entries(faults)) {
    it(`says in one line what is wrong with ${name}`, async () => {
      const ended = await codebeaker(args);
      expect([ended.code, ended.stdout.toString(), ended.stderr]).to.deep.equal([code, '', stderr]);
    });
  }

  it('names the wrong keys of a configuration', async () => {
    const { code, stderr } = await codebeaker(['doctor'], { config: { limits: { memory: 1 }, rates: { 'no/such': { perMinute: 0 } } } });
    expect(code).to.equal(78);
    expect(stderr).to.match(/^codebeaker: \S+\.json: limits\.memory: no such key; rates\.no\/such\.perMinute: Too small: /);
  });

  it('says what is wrong with a command line, and exits with 64 (L18)', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--nonsense', 'a.py']);
    expect([code, stdout.length, stderr]).to.deep.equal([64, 0, 'codebeaker: there is no option --nonsense; codebeaker --help shows what can be typed\n']);
  });

  it('shows its help and its version', async () => {
    const all = await codebeaker(['--help']);
    expect([all.code, all.stderr]).to.deep.equal([0, '']);
    expect(all.stdout.toString()).to.contain('codebeaker run [options] FILE [ARGUMENTS...]');
    const { version } = JSON.parse(readFileSync(new URL('../../server/package.json', import.meta.url), 'utf8')) as { version: string };
    expect((await codebeaker(['--version'])).stdout.toString()).to.equal(`codebeaker ${version}\n`);
  });

  it('exits with 1 if its help cannot be written (L6)', async () => {
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = await new CommandLine(['--help'], { stdio: ['ignore', full, 'pipe'] }).ended;
    closeSync(full);
    expect([code, stderr]).to.deep.equal([1, 'codebeaker: the output cannot be written: ENOSPC\n']);
  });

  it('exits with 0 although nobody reads its help', async () => {
    const running = new CommandLine(['--help']);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect([code, stderr]).to.deep.equal([0, '']);
  });

  describe('doctor', () => {
    before(need('deno', npmPackage('deno')));

    it('shows the runtimes, in 80 columns', async () => {
      const { code, stdout, stderr } = await codebeaker(['doctor'], { config: { docker: { host: 'unix:///none.sock' } } });
      expect([code, stderr]).to.deep.equal([0, '']);
      const lines = stdout.toString().split('\n');
      expect(lines[0]).to.match(/^RUNTIME +READY +VERSION +ISOLATION +LANGUAGES$/);
      expect(stdout.toString()).to.match(/^docker +no /m).and.to.match(/^deno +yes +2\./m).and.to.contain('docker, gvisor: ');
      for (const line of lines) expect(line.length, line).to.be.at.most(80);
    });

    it('prints the same as JSON with --json', async () => {
      const { code, stdout } = await codebeaker(['doctor', '--json']);
      expect([code, JSON.parse(stdout.toString()).runtimes.map(({ id }: { id: string }) => id)]).to.deep.equal([0, runtimeKinds(undefined).map(({ id }) => id)]);
    });
  });
});
