/** Nothing tells that an interpreter has waited, and nothing that is done to one that waits changes what its program does. */
import { expect } from 'chai';
import { rootCertificates } from 'node:tls';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { dockerImage, need, ociRuntime, type Probe } from '../require.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { create, limits, rejects, textOf, write, useSandbox } from '../runtime/contract/harness.ts';
import { bubblewrap, layeredSubject, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../runtime/kinds/docker/real.ts';
import { RealSession } from './real-session.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const prints: Partial<Record<LanguageId, (text: string) => string>> = {
  python: (text) => `print(${JSON.stringify(text)})\n`,
  javascript: (text) => `console.log(${JSON.stringify(text)})\n`,
  ruby: (text) => `puts ${JSON.stringify(text)}\n`,
};

interface Place {
  readonly needs: [part: string, probe: Probe];
  readonly languages: readonly LanguageId[];
  readonly shell: boolean;
  make(): Promise<Subject>;
}

const places: Record<string, Place> = {
  native: { needs: ['bubblewrap', bubblewrap], languages: ['python', 'javascript', 'ruby'], shell: true, make: () => nativeSubject(createNativeRuntime) },
  deno: { needs: ['bubblewrap', bubblewrap], languages: ['javascript'], shell: false, make: layeredSubject },
  docker: { needs: ['docker', dockerImage(debian)], languages: ['python', 'javascript', 'ruby'], shell: true, make: () => containerSubject(debian, plain) },
  gvisor: { needs: ['gVisor', ociRuntime('runsc')], languages: ['python', 'javascript', 'ruby'], shell: false, make: () => containerSubject(debian, gvisor) },
};

/** The ways in which a file can be changed. */
const changes: Record<string, (sandbox: Sandbox, path: string, text: string) => Promise<unknown>> = {
  overwritten: write,
  'appended to': (sandbox, path, text) => sandbox.files.write(path, Buffer.from(text), { mode: 'append', executable: undefined }),
  'deleted and made anew': async (sandbox, path, text) => {
    await sandbox.files.delete(path, { recursive: false, force: false });
    await write(sandbox, path, text);
  },
  'copied over': async (sandbox, path, text) => {
    await write(sandbox, '/tmp/other', text);
    await sandbox.files.copy('/tmp/other', path, { recursive: false, overwrite: true });
  },
};
const changesByCommands: typeof changes = {
  'replaced by another that was renamed': async (sandbox, path, text) => {
    await write(sandbox, `${path}.new`, text);
    await textOf(sandbox, ['mv', `${path}.new`, path]);
  },
  'replaced by a link': async (sandbox, path, text) => {
    await write(sandbox, `${path}.new`, text);
    await textOf(sandbox, ['ln', '-sf', `${path}.new`, path]);
  },
  'changed in its place by a command': async (sandbox, path, text) => {
    await textOf(sandbox, ['python3', '-c', 'import sys; open(sys.argv[1], "r+").write(sys.argv[2])', path, text]);
  },
};

/** A command that does something to every program that is held. */
const toTheHeld = (what: string) => `for each in /proc/[0-9]*; do if grep -q '^State:.t' $each/status; then pid=\${each#/proc/}; ${what}; fi; done`;

for (const [place, { needs, languages, shell, make }] of Object.entries(places)) {
  describe(`an interpreter that waits, ${place}`, () => {
    before(need(...needs));
    const held = useSandbox({ make });

    for (const language of languages) {
      const text = prints[language] as (text: string) => string;
      const begin = async () => {
        const real = new RealSession(held.sandbox, language);
        const { extension } = (await held.sandbox.toolchain(language)) ?? { extension: '' };
        return { real, path: `/workspace/it${extension}` };
      };

      for (const [way, change] of Object.entries({ ...changes, ...(shell ? changesByCommands : {}) })) {
        it(`runs what the file says when it is run (T4): ${language}, a file that was ${way}`, async () => {
          const { real, path } = await begin();
          await write(held.sandbox, path, text('before'));
          await real.wait(language, { file: path });
          await change(held.sandbox, path, text('after!'));
          const { stdout } = await real.code({ path });
          expect(stdout).to.equal(way === 'appended to' ? 'before\nafter!\n' : 'after!\n');
          expect(real.used).to.equal(true);
        });
      }

      it(`is not used for a file that has gone, which is an error as in any other run (T4, T12): ${language}`, async () => {
        const { real, path } = await begin();
        await write(held.sandbox, path, text('before'));
        await real.wait(language, { file: path });
        await held.sandbox.files.delete(path, { recursive: false, force: false });
        for (let round = 0; round < 2; round++) await rejects(real.code({ path }), 'FileNotFound');
        expect(real.used).to.equal(false);
      });

      it(`runs code that is sent as text (T14): ${language}`, async () => {
        const { real } = await begin();
        await real.wait(language);
        expect((await real.code({ code: text('hello') })).stdout).to.equal('hello\n');
        expect(real.used).to.equal(true);
      });

      it(`leaves a new sandbox as it was: ${language}`, async () => {
        const other = await create(held.subject);
        await new RealSession(other, language).wait(language);
        expect(await other.isPristine()).to.equal(true);
        await other.close();
      });

      it(`gets arguments and variables that are longer than a pipe (T13): ${language}`, async () => {
        const { real } = await begin();
        const [args, env] = [['a'.repeat(100_000), 'b'.repeat(100_000)], { LONG: 'c'.repeat(100_000) }];
        await real.wait(language, { args, settings: { cwd: '/workspace', env, stdin: 'none', pty: undefined } });
        const lengths: Partial<Record<LanguageId, string>> = {
          python: 'import os, sys; print(len(sys.argv[1]), len(sys.argv[2]), len(os.environ["LONG"]))',
          javascript: 'const p = globalThis.process ?? (await import("node:process")).default; console.log(...p.argv.slice(2).map((a) => a.length), p.env.LONG.length)',
          ruby: 'puts [ARGV[0].size, ARGV[1].size, ENV["LONG"].size].join(" ")',
        };
        expect((await real.code({ code: lengths[language] ?? '', args, env })).stdout).to.equal('100000 100000 100000\n');
        expect(real.used).to.equal(true);
      });

      it(`is not used for another run than it waits for: ${language}`, async () => {
        const { real } = await begin();
        for (const params of [{ args: ['x'] }, { env: { A: 'b' } }, { cwd: '/tmp' }, { stdin: 'text' }, { stderrToStdout: true }]) {
          await real.wait(language);
          expect((await real.code({ code: text('hello'), ...params })).stdout).to.equal('hello\n');
          expect(real.used).to.equal(false);
        }
      });

      it(`keeps the order of its outputs where its stderr is its stdout (L20): ${language}`, async () => {
        const { real } = await begin();
        const lines: Partial<Record<LanguageId, string>> = {
          python: 'import sys\nfor n in range(20): print(n, file=[sys.stdout, sys.stderr][n % 2])',
          javascript: 'import { writeSync } from "node:fs"; for (let n = 0; n < 20; n++) writeSync(1 + n % 2, n + "\\n")',
          ruby: '20.times { |n| [$stdout, $stderr][n % 2].puts n }',
        };
        await real.wait(language, { settings: { cwd: '/workspace', env: {}, stdin: 'none', pty: undefined, stderrToStdout: true } });
        const { stdout, stderr } = await real.code({ code: lines[language] ?? '', stderrToStdout: true });
        expect([stdout, stderr]).to.deep.equal([Array.from({ length: 20 }, (_, n) => `${n}\n`).join(''), '']);
        expect(real.used).to.equal(true);
      });

      it(`runs in its directory, whatever was written there, and not in one that has gone: ${language}`, async () => {
        const { real } = await begin();
        const cwd = '/workspace/sub';
        await held.sandbox.files.createDirectory(`${cwd}/below`, true);
        const wish = { settings: { cwd, env: {}, stdin: 'none', pty: undefined } } as const;
        await real.wait(language, wish);
        await write(held.sandbox, `${cwd}/new`, '');
        expect((await real.code({ code: text('hello'), cwd })).stdout).to.equal('hello\n');
        expect(real.used).to.equal(true);
        await real.wait(language, wish);
        await held.sandbox.files.delete(cwd, { recursive: true, force: false });
        await held.sandbox.files.createDirectory(cwd, true);
        expect((await real.code({ code: text('hello'), cwd })).stdout).to.equal('hello\n');
        expect(real.used).to.equal(false);
      });

      it(`runs on a terminal: ${language}`, async () => {
        const { real } = await begin();
        const pty = { cols: 91, rows: 33 };
        const settings = { cwd: '/workspace', env: {}, stdin: 'open', pty } as const;
        const sizes: Partial<Record<LanguageId, string>> = {
          python: 'import os, sys; print(os.get_terminal_size(), os.isatty(0), os.environ["TERM"], input("> ")); import subprocess; subprocess.run(["stty", "-a"])',
          javascript: place === 'deno' ? 'console.log(Deno.consoleSize(), Deno.stdin.isTerminal(), prompt(">"))' : 'process.stdin.once("data", (d) => { console.log(process.stdout.columns, process.stdout.rows, process.stdin.isTTY, process.stdin.isRaw, process.env, String(d)); process.exit(3) }); console.log(">")',
          ruby: 'require "io/console"; print "> "; p $stdin.winsize, $stdin.tty?, gets; system("stty -a")',
        };
        const seen: unknown[] = [];
        for (const waits of [false, true]) {
          real.sent = '';
          if (waits) await real.wait(language, { settings });
          const running = real.code({ code: sizes[language] ?? '', pty, commandId: 'asking' });
          while (!real.sent.includes('>')) await pause(5);
          real.commands.get('asking').input(Buffer.from('Ada\r'), false);
          const { outcome, exitCode } = await running;
          // Deno clears the line as often as it likes.
          seen.push([outcome, exitCode, real.sent.replaceAll("\r", "").replaceAll('\u001b[0G\u001b[2K\u001b[J', '')]);
        }
        expect(seen[1]).to.deep.equal(seen[0]);
        expect(real.used).to.equal(true);
      });

      if (!shell) continue;

      it(`runs as any other after a command changed its terminal: ${language}`, async () => {
        const { real } = await begin();
        const settings = { cwd: '/workspace', env: {}, stdin: 'open', pty: { cols: 80, rows: 24 } } as const;
        for (const harm of ['-echo', 'cols 7', '-opost']) {
          real.sent = '';
          await real.wait(language, { settings });
          await real.shell(`for terminal in /dev/pts/[0-9]*; do stty -F $terminal ${harm}; done`);
          expect((await real.code({ code: text('hello'), pty: settings.pty, commandId: 'it' })).exitCode).to.equal(0);
          expect(real.sent).to.equal('hello\r\n');
          expect(real.used).to.equal(false);
        }
      });

      const terminalHarms = { 'its output was stopped': 'termios.tcflow(terminal, termios.TCOOFF)', 'nobody else may open it': 'fcntl.ioctl(terminal, termios.TIOCEXCL)' };
      for (const [what, harm] of Object.entries(terminalHarms)) {
        it(`runs as any other after a command did to its terminal what its settings do not tell: ${language}, ${what}`, async () => {
          const { real } = await begin();
          const settings = { cwd: '/workspace', env: {}, stdin: 'open', pty: { cols: 80, rows: 24 } } as const;
          await real.wait(language, { settings });
          await real.shell(['python3', '-c', `
import fcntl, glob, os, termios
for path in glob.glob('/dev/pts/[0-9]*'):
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
    ${harm}`]);
          expect((await real.code({ code: text('hello'), pty: settings.pty, commandId: 'it' })).exitCode).to.equal(0);
          expect(real.sent).to.equal('hello\r\n');
          // What stops the output can be undone.
          expect(real.used).to.equal(what === 'its output was stopped');
        });
      }

      for (const signal of ['KILL', 'TERM', 'STOP', 'CONT', 'INT', 'USR1', 'WINCH', 'PIPE', 'RTMIN']) {
        it(`runs as any other after it was sent a signal: ${language}, ${signal}`, async () => {
          const { real } = await begin();
          await real.wait(language);
          await real.shell(toTheHeld(`kill -${signal} $pid`));
          expect(await real.code({ code: text('hello') })).to.include({ outcome: 'exited', exitCode: 0, stdout: 'hello\n', stderr: '' });
          expect(real.used).to.equal(false);
        });
      }

      const harms = { 'its priority was lowered': 'renice -n 15 -p $pid', 'its limits were lowered': 'prlimit --pid $pid --nofile=5:5', 'it may run on one processor': 'taskset -p 1 $pid', 'it is killed first when memory runs out': 'echo 7 >/proc/$pid/oom_score_adj', 'its session comes last on the processor': 'echo 19 >/proc/$pid/autogroup', 'more of it is dumped': 'echo 0x7f >/proc/$pid/coredump_filter' };
      for (const [what, harm] of Object.entries(harms)) {
        it(`runs as any other after a command changed it: ${language}, ${what}`, async () => {
          const { real } = await begin();
          await real.wait(language);
          const { stderr, exitCode } = await real.shell(`set -e; ${toTheHeld(harm)}`);
          expect(await real.code({ code: text('hello') })).to.include({ exitCode: 0, stdout: 'hello\n' });
          // Where the command could not do it, nothing has happened.
          if (exitCode === 0) expect(real.used, stderr).to.equal(false);
        });
      }

      it(`can't be read, written or traced by commands: ${language}`, async () => {
        const { real } = await begin();
        await real.wait(language);
        const { stdout } = await real.shell(toTheHeld('for file in mem environ maps; do head -c 1 $each/$file >/dev/null 2>&1 && echo $file; done; readlink $each/fd/0 && echo fd; echo tried'));
        expect(stdout).to.equal('tried\n');
        expect((await real.code({ code: text('hello') })).stdout).to.equal('hello\n');
        expect(real.used).to.equal(true);
      });
    }

    if (place === 'docker') {
      it('knows the limits that were changed meanwhile: javascript', async () => {
        const real = new RealSession(held.sandbox, 'javascript');
        const code = 'console.log(require("v8").getHeapStatistics().heap_size_limit, require("os").availableParallelism())';
        const before = (await real.code({ code })).stdout;
        await real.wait('javascript');
        await held.sandbox.adjust({ ...limits, memoryBytes: 2 * limits.memoryBytes });
        const { stdout } = await real.code({ code });
        expect([stdout === before, real.used]).to.deep.equal([false, false]);
        expect((await real.code({ code })).stdout).to.equal(stdout);
      });
    }

    if (place === 'gvisor') {
      it('is used only if no command has run meanwhile, from whose reach nothing keeps it', async () => {
        const real = new RealSession(held.sandbox, 'python');
        await real.wait('python');
        await real.shell('true');
        expect((await real.code({ code: 'print("hello")' })).stdout).to.equal('hello\n');
        expect(real.used).to.equal(false);
      });
    }

    if (languages.includes('python')) {
      it('sees modules that were installed meanwhile: python', async () => {
        const real = new RealSession(held.sandbox, 'python');
        await real.wait('python');
        await real.shell(['python3', '-c', 'import os, site; place = site.getusersitepackages(); os.makedirs(place); open(place + "/late.py", "w").write("value = 5")']);
        expect((await real.code({ code: 'import late; print(late.value)' })).stdout).to.equal('5\n');
        await held.sandbox.files.delete('/tmp/.local', { recursive: true, force: true });
      });
    }

    if (place !== 'deno') {
      it('knows the proxy and the certificates of a network: javascript', async () => {
        const proxy = await held.sandbox.listen(0, (connection) => {
          connection.on('error', () => undefined).on('data', (bytes: Buffer) => {
            if (bytes.toString('latin1').startsWith('CONNECT ')) connection.write('HTTP/1.1 200 OK\r\n\r\n');
            else connection.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello');
          });
        });
        const address = `http://127.0.0.1:${proxy.port}`;
        await write(held.sandbox, '/workspace/ca.pem', rootCertificates[0] ?? '');
        const real = new RealSession(held.sandbox, 'javascript', undefined, { HTTP_PROXY: address, HTTPS_PROXY: address, NODE_USE_ENV_PROXY: '1', NODE_EXTRA_CA_CERTS: '/workspace/ca.pem' });
        const code = 'const { NODE_USE_ENV_PROXY, NODE_EXTRA_CA_CERTS, NODE_OPTIONS } = process.env; console.log(NODE_USE_ENV_PROXY, NODE_EXTRA_CA_CERTS, NODE_OPTIONS); fetch("http://site.example/").then((answer) => answer.text()).then(console.log, () => console.log("offline"))';
        const cold = await real.code({ code });
        expect(cold.stdout).to.match(/^1 \/workspace\/ca\.pem undefined\n(?:hello|offline)\n$/);
        if (place === 'docker') expect(cold.stdout, 'its Node knows the proxy').to.contain('hello');
        await real.wait('javascript');
        const warm = await real.code({ code });
        const common = (stderr = '') => stderr.replaceAll(/\(node:\d+\)/g, '');
        expect([warm.stdout, common(warm.stderr), real.used]).to.deep.equal([cold.stdout, common(cold.stderr), true]);
        proxy.close();
      });
    }

    it('counts time from when its program is run (T8): javascript', async () => {
      const real = new RealSession(held.sandbox, 'javascript');
      const clocks = 'const now = performance.now(), up = process.uptime() * 1000, since = Date.now() - performance.timeOrigin, event = new Event("x").timeStamp, mark = performance.mark("m").startTime, all = performance.measure("all").duration, node = performance.nodeTiming ?? {}; console.log(JSON.stringify([now, up, since, event, mark, all, node.duration ?? 0, node.bootstrapComplete ?? 0]));';
      await real.wait('javascript');
      const begin = performance.now();
      await pause(2_000);
      const { stdout } = await real.code({ code: `const process = globalThis.process; ${clocks}` });
      expect(real.used).to.equal(true);
      const times = JSON.parse(stdout ?? '') as number[];
      for (const time of times) expect(time, stdout).to.be.within(0, (performance.now() - begin) / 2);
    });
  });
}
