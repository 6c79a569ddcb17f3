/** `codebeaker run` with real runtimes: the folder, a terminal, pipes, variables (L1, L2, L3, L4, L6, L15, L19, L20, V9). */
import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dockerImage, need, npmPackage } from '../require.ts';
import { codebeaker, CommandLine, sourceFile } from './command-line.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { hasTerminals, OnTerminal } from './on-terminal.ts';
import { daemonPath } from './raw-client.ts';

const onDocker = ['--runtime', 'docker'];
const inOrder = Array.from({ length: 50 }, (_, n) => `${n}\n`).join('');

/** What `codebeaker run FILE 2>&1 | cat` shows. */
function inShell(name: string, text: string, options: readonly string[]): string {
  const line = '"$@" 2>&1 | cat';
  const words = [process.execPath, daemonPath, 'run', ...options, sourceFile(name, text)];
  return execFileSync('sh', ['-c', line, 'sh', ...words], { env: { ...process.env, ...daemonEnvironment() }, encoding: 'utf8' });
}

describe('codebeaker run, of what people have', () => {
  before(need('docker', dockerImage(image)));

  it('finds the modules and the data beside the file (L1)', async () => {
    const file = sourceFile('main.py', 'import helper, pkg.inner\nprint(helper.x, pkg.inner.y, open("data/in.txt").read())\n');
    for (const [name, text] of Object.entries({ 'helper.py': 'x = 1', 'pkg/inner.py': 'y = 2', 'data/in.txt': 'three' })) {
      mkdirSync(dirname(join(dirname(file), name)), { recursive: true });
      writeFileSync(join(dirname(file), name), text);
    }
    const { code, stdout, stderr } = await codebeaker(['run', ...onDocker, file]);
    expect([code, stdout.toString(), stderr]).to.deep.equal([0, '1 2 three\n', '']);
    const alone = await codebeaker(['run', '--no-folder', ...onDocker, file]);
    expect([alone.code, alone.stderr]).to.satisfy(([status, text]: [number, string]) => status === 1 && text.includes("No module named 'helper'"));
  });

  it('gives what follows the file to the program (L6)', async () => {
    const { stdout } = await codebeaker(['run', ...onDocker, sourceFile('main.py', 'import sys; print(sys.argv[1:])'), '-v', '--help', '--', 'x']);
    expect(stdout.toString()).to.equal("['-v', '--help', '--', 'x']\n");
  });

  const named: Record<string, string> = { 'UP.PY': 'print(1)', 'app.pyw': 'print(1)', '-dash.py': 'print(1)', 'a.bash': 'echo 1', 'tool': '#!/usr/bin/env python3\nprint(1)' };
  for (const [name, text] of Object.entries(named)) {
    it(`runs ${name} (L4)`, async () => {
      const file = sourceFile(name, text);
      const { stdout, stderr } = await codebeaker(['run', ...onDocker, '--', file]);
      expect([stdout.toString(), stderr]).to.deep.equal(['1\n', '']);
    });
  }

  it('runs a program on stdin (L4)', async () => {
    const { stdout, stderr } = await codebeaker(['run', '-l', 'python', ...onDocker, '-', 'x'], { input: 'import sys; print(sys.argv[1:], sys.stdin.read())' });
    expect([stdout.toString(), stderr]).to.deep.equal(["['x'] \n", '']);
  });

  it('runs a program of 60 MB, and says what is too large (L15)', async () => {
    const file = sourceFile('main.sh', Buffer.concat([Buffer.from('echo large; exit 3\n'), Buffer.alloc(60_000_000, '#\n')]));
    const { code, stdout, stderr } = await codebeaker(['run', ...onDocker, file]);
    expect([code, stdout.toString(), stderr]).to.deep.equal([3, 'large\n', '']);
    const small = await codebeaker(['run', '--disk', '64m', ...onDocker, file]);
    expect([small.code, small.stderr]).to.satisfy(([status, text]: [number, string]) => status === 125 && text.includes('the sandbox has room for 32m'));
  });

  describe('with --save (V9)', () => {
    const program = 'import os, sys\nos.makedirs("out", exist_ok=True)\nopen("out/counts.csv", "wb").write(b"a,\\xff\\n")\nopen("data.csv", "a").write("2\\n")\nopen("out/log.txt", "w")\nos.symlink("/etc/passwd", "out/link.csv")\nsys.exit(int(sys.argv[1]))\n';
    const saving = ['run', '--save', 'out/c*.csv', '--save', 'd*.csv', ...onDocker];

    it('brings home what matches, and asks before it replaces what is not a copy', async () => {
      const file = sourceFile('make.py', program);
      const at = (name: string) => join(dirname(file), name);
      writeFileSync(at('data.csv'), '1\n');
      const { code, stderr } = await codebeaker([...saving, file, '3']);
      expect([code, stderr]).to.deep.equal([3, 'codebeaker: saved out/counts.csv, data.csv\n']);
      expect([readFileSync(at('out/counts.csv'), 'latin1'), readFileSync(at('data.csv'), 'utf8'), readdirSync(at('out'))]).to.deep.equal(['a,\xff\n', '1\n2\n', ['counts.csv']]);
      const again = await codebeaker([...saving, '--no-folder', '--json', file, '0']);
      expect(again.code).to.equal(73);
      expect(JSON.parse(again.stdout.toString())).to.have.property('notSaved').that.has.length(2);
      expect(readFileSync(at('data.csv'), 'utf8')).to.equal('1\n2\n');
      expect(await codebeaker([...saving, '--no-folder', '--replace', file, '0'])).to.include({ code: 0, stderr: 'codebeaker: saved out/counts.csv, data.csv\n' });
      expect(readFileSync(at('data.csv'), 'utf8')).to.equal('2\n');
    });

    it('writes to another folder, which is made, and no links', async () => {
      const file = sourceFile('make.py', program);
      const to = join(dirname(file), 'new/results');
      const { code, stderr } = await codebeaker(['run', '--save', 'out/*', '--save-to', to, ...onDocker, file, '0']);
      expect([code, stderr]).to.deep.equal([73, 'codebeaker: saved out/counts.csv, out/log.txt\ncodebeaker: out/link.csv is not saved: it is a link\n']);
      expect(readdirSync(join(to, 'out'))).to.deep.equal(['counts.csv', 'log.txt']);
    });
  });

  it('can be ended by a signal while it waits for its named pipe (L15)', async () => {
    const file = sourceFile('x', '');
    const pipe = join(dirname(file), 'pipe.py');
    execFileSync('mkfifo', [pipe]);
    const running = new CommandLine(['run', ...onDocker, pipe]);
    const writer = spawn('sh', ['-c', 'exec > "$0"; echo opened >&2; exec sleep 60', pipe], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise((resolve) => writer.stderr.once('data', resolve));
    running.interrupt('SIGTERM');
    expect((await running.ended).code).to.equal(143);
    writer.kill();
  });

  it('runs with the lowest limits that it takes (L19)', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--memory', '16m', '--disk', '1m', '--pids', '8', '--cpus', '0.05', '--output-limit', '3', ...onDocker, sourceFile('main.sh', 'echo ok')]);
    expect([code, stdout.toString(), stderr]).to.deep.equal([0, 'ok\n', '']);
  });

  it('runs with the highest limits that it takes, whatever the machine has (L19)', async () => {
    const { code, stdout, stderr } = await codebeaker(['run', '--memory', '16g', '--disk', '8g', '--pids', '16384', '--cpus', '64', '--output-limit', '64g', ...onDocker, sourceFile('main.sh', 'echo ok')]);
    expect([code, stdout.toString(), stderr]).to.deep.equal([0, 'ok\n', '']);
  });

  it('says which runtimes the pool can name (L19)', async () => {
    const { code, stderr } = await codebeaker(['run', ...onDocker, sourceFile('main.sh', 'echo ok')], { config: { pool: { dokcer: { python: 1 } } } });
    expect([code, stderr]).to.satisfy(([status, text]: [number, string]) => status === 78 && text.includes('pool.dokcer: there is no such runtime; there are docker'));
  });

  it('passes on variables (L20)', async () => {
    const file = sourceFile('main.sh', 'echo "$A|$B|$NO_COLOR|$HIDDEN"');
    const { stdout } = await codebeaker(['run', '-e', 'A=1 2', '-e', 'B', ...onDocker, file], { env: { B: 'here', NO_COLOR: '1', HIDDEN: 'x' } });
    expect(stdout.toString()).to.equal('1 2|here|1|\n');
  });

  it('keeps the order of stdout and stderr where both go to one place (L20)', () => {
    expect(inShell('main.py', 'import sys\nfor n in range(50): print(n, file=[sys.stdout, sys.stderr][n % 2])\n', onDocker)).to.equal(inOrder);
  });

  it('tells of output that is not text (L20)', async () => {
    const { stdout } = await codebeaker(['run', '--json', ...onDocker, sourceFile('main.sh', String.raw`printf '\377\n'; echo é >&2`)]);
    expect(JSON.parse(stdout.toString())).to.include({ stdout: '/wo=', stdoutEncoding: 'base64', stderr: 'é\n', stderrEncoding: 'utf-8' });
  });

  describe('on a terminal', () => {
    before(need('python3', hasTerminals));

    const onTerminal = (args: readonly string[]) => new OnTerminal([process.execPath, daemonPath, ...args], { ...process.env, ...daemonEnvironment() }, { cols: 80, rows: 24 });

    it('has a terminal, and can be typed into (L2)', async () => {
      const file = sourceFile('main.py', 'import sys\nprint("tty", sys.stdin.isatty(), sys.stdout.isatty(), flush=True)\nprint("got", input("> "))\n');
      const terminal = onTerminal(['run', ...onDocker, file]);
      await until('it asks', () => terminal.shown.includes('> '));
      terminal.type('word\r');
      expect(await terminal.exited).to.equal(0);
      expect(terminal.shown).to.contain('tty True True').and.to.contain('got word');
    });

    it('shows what a program writes as it is, also a line feed that stays in its column', async () => {
      const file = sourceFile('main.py', 'import sys, tty\ntty.setraw(0)\nsys.stdout.write("one\\ntwo\\r\\n")\n');
      const terminal = onTerminal(['run', ...onDocker, file]);
      expect([await terminal.exited, terminal.shown.slice(terminal.shown.indexOf('one'))]).to.deep.equal([0, 'one\ntwo\r\n']);
    });

    it('gives Ctrl-C to the program (L3)', async () => {
      const file = sourceFile('main.py', 'import time\nprint("ready", flush=True)\ntry:\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  print("caught")\n  raise SystemExit(7)\n');
      const terminal = onTerminal(['run', ...onDocker, file]);
      await until('it runs', () => terminal.shown.includes('ready'));
      terminal.type('\x03');
      expect([await terminal.exited, terminal.shown.includes('caught')]).to.deep.equal([7, true]);
    });

    it('does not have a terminal with --no-tty (L2)', async () => {
      const terminal = onTerminal(['run', '--no-tty', ...onDocker, sourceFile('main.py', 'import sys; print("tty", sys.stdout.isatty())')]);
      expect([await terminal.exited, terminal.shown]).to.satisfy(([status, text]: [number, string]) => status === 0 && text.includes('tty False'));
    });
  });
});

describe('codebeaker run, with Deno', () => {
  before(need('deno', npmPackage('deno')));

  it('keeps the order of stdout and stderr where both go to one place (L20)', () => {
    const text = 'const encoder = new TextEncoder(); for (let n = 0; n < 50; n++) [Deno.stdout, Deno.stderr][n % 2].writeSync(encoder.encode(`${n}\\n`));';
    expect(inShell('main.ts', text, ['--runtime', 'deno'])).to.equal(inOrder);
  });

  it('prints no colours where NO_COLOR is set (L20)', async () => {
    const { stdout } = await codebeaker(['run', '--runtime', 'deno', sourceFile('main.ts', 'console.log({ a: 1, b: "x" }); console.log(Deno.noColor)')], { env: { NO_COLOR: '1' } });
    expect(stdout.toString()).to.equal('{ a: 1, b: "x" }\ntrue\n');
  });
});
