/** Commands in real sandboxes: terminals beside interpreters that wait, streams and environments of every kind. */
import { expect } from 'chai';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { need } from '../require.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { useSandbox } from '../runtime/contract/harness.ts';
import { bubblewrap, layeredSubject, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { RealSession } from '../warm/real-session.ts';

const pty = { cols: 80, rows: 24 };

/** A program that asks a question on its terminal, and one that runs for a minute. */
const places: Record<string, { make(): Promise<Subject>; language: LanguageId; asks: string; lasts: string }> = {
  native: {
    make: () => nativeSubject(createNativeRuntime), language: 'python',
    asks: 'print("hello", input("> "))', lasts: 'import time; print("ready"); time.sleep(60)',
  },
  deno: { make: layeredSubject, language: 'javascript', asks: 'console.log("hello", prompt(">"))', lasts: 'console.log("ready"); setTimeout(() => {}, 60000)' },
};

for (const [place, { make, language, asks, lasts }] of Object.entries(places)) {
  describe(`commands in a real sandbox, ${place}`, function () {
    before(need('bubblewrap', bubblewrap));
    const held = useSandbox({ make });

    /** Resolves when the sent output has this text. */
    const seen = async (real: RealSession, text: string) => {
      while (!real.sent.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
    };

    it('on a terminal are not touched by an interpreter that waits, or by the end of another command (T1)', async () => {
      for (let round = 0; round < 5; round++) {
        const real = new RealSession(held.sandbox, language);
        await real.wait(language);
        const stop = new AbortController();
        const other = place === 'native' ? real.shell('echo ready; sleep 60', { commandId: 'other' }, stop.signal) : real.code({ code: lasts, commandId: 'other' }, stop.signal);
        await seen(real, 'ready');
        const asking = real.code({ code: asks, pty, commandId: 'asking' });
        await seen(real, '>');
        stop.abort();
        expect((await other).outcome).to.equal('cancelled');
        real.commands.get('asking').input(Buffer.from('Ada\r'), false);
        expect(await asking).to.include({ outcome: 'exited', exitCode: 0 });
        expect(real.sent).to.include('hello Ada');
      }
    });

    it('get every variable that they are given, and no other (T11)', async () => {
      const env = { UID: '1000', OPTIND: 'abc', cb_h: 'x', line: 'x', U: 'x', R: 'x', n: 'x', v: 'x', IFS: 'x', PS4: 'x', ENV: '/nothing', BASH_ENV: '/nothing', PPID: '1', '_': 'x', 'a.b-c': 'x', CODEBEAKER_COMMAND_ID: 'x', EMPTY: '' };
      const code = place === 'native'
        ? 'import os; print({k: v for k, v in os.environ.items() if k not in ("PATH", "HOME", "TMPDIR", "LANG", "PWD")})'
        : 'console.log(Object.entries(Deno.env.toObject()).filter(([name]) => !["HOME", "TMPDIR"].includes(name)).sort().map(([name, value]) => `${name}=${value}`).join(" "))';
      const real = new RealSession(held.sandbox, language);
      const wish = { settings: { cwd: '/workspace', env, stdin: 'none', pty: undefined } } as const;
      const { stdout: cold, exitCode } = await real.code({ code, env });
      await real.wait(language, wish);
      const { stdout: warm } = await real.code({ code, env });
      expect([exitCode, real.used, warm]).to.deep.equal([0, true, cold]);
      for (const [name, value] of Object.entries(env)) expect(cold).to.include(place === 'native' ? `'${name}': '${value}'` : `${name}=${value}`);
      if (place !== 'native') return;
      // Debian's sh itself does not start with this one.
      const { OPTIND: _, ...others } = env;
      expect((await real.shell('echo ran; exit 7', { env: others })).exitCode).to.equal(7);
      expect((await real.shell(['printenv', 'UID', 'line'], { env })).stdout).to.equal('1000\nx\n');
    });

    if (place === 'deno') {
      const wrong: Record<string, RegExp> = {
        'import "./nothing.mjs"': /Module not found "file:\/\/\/workspace\/nothing\.mjs"\.\n {4}at file:\/\/\/workspace\/main-\w+\.js:1:8\n$/,
        'import "no-such-package"': /"no-such-package" not a dependency/,
        'let a = ;': /SyntaxError: Expression expected[^]*main-\w+\.js:1:9\n$/,
        'require("./none")': /Cannot find module '\.\/none'[^]* {4}at Object\.<anonymous> \(file:\/\/\/workspace\/main-\w+\.js:1:1\)\n/,
        'require("fs"); let let = 1': /SyntaxError: let is disallowed as a lexically bound name\n {4}at /,
        'require("fs"); console.error(new Error("mine").stack); process.exit(1)': /^Error: mine\n {4}at Object\.<anonymous> \(file:\/\/\/workspace\/main-\w+\.js:1:30\)\n/,
        'throw new TypeError("mine")': /TypeError: mine\nthrow new TypeError\("mine"\)\n +\^\n {4}at file:\/\/\/workspace\/main-\w+\.js:1:7\n$/,
      };
      for (const [code, words] of Object.entries(wrong)) {
        it(`fail with errors that tell nothing of how they were started (T9): ${code}`, async () => {
          const real = new RealSession(held.sandbox, language);
          const { stderr = '', exitCode } = await real.code({ code, env: { NO_COLOR: '1' } });
          expect(exitCode).to.equal(1);
          expect(stderr).to.match(words);
          expect(stderr).not.to.include('bootstrap');
        });
      }
      return;
    }

    it('read their input to its end by its name (T2)', async () => {
      const real = new RealSession(held.sandbox, 'python');
      const programs: Partial<Record<LanguageId, string>> = {
        python: 'print(open("/dev/stdin").read())',
        javascript: 'console.log(require("fs").readFileSync("/dev/stdin", "utf8"))',
        ruby: 'puts File.read("/dev/stdin")',
        shellscript: 'cat /dev/stdin; echo',
      };
      const stdin = 'text'.repeat(50_000);
      for (const [id, code] of Object.entries(programs) as [LanguageId, string][]) {
        for (const waits of [false, true]) {
          if (waits && id === 'shellscript') continue;
          if (waits) await real.wait(id, { settings: { cwd: '/workspace', env: {}, stdin: 'open', pty: undefined } });
          expect(await real.code({ language: id, code, stdin }), id).to.include({ exitCode: 0, stdout: `${stdin}\n` });
          if (waits) expect(real.used, id).to.equal(true);
        }
      }
      expect((await real.shell('cat /dev/stdin', { stdin })).stdout).to.equal(stdin);
    });

    it('take long command lines, arguments and variables, or are refused at once with the limit (T13)', async () => {
      const real = new RealSession(held.sandbox, 'python');
      const fits = 'x'.repeat(120_000);
      const tooLong = 'x'.repeat(200_000);
      expect((await real.shell(`echo ${fits} | wc -c`)).stdout).to.equal('120001\n');
      expect((await real.shell(['python3', '-c', 'import sys; print(len(sys.argv[1]))', fits])).stdout).to.equal('120000\n');
      expect((await real.code({ code: 'import os; print(len(os.environ["LONG"]))', env: { LONG: fits } })).stdout).to.equal('120000\n');
      for (const work of [() => real.shell(`: ${tooLong}`), () => real.shell(['true', tooLong]), () => real.code({ code: '', args: [tooLong] }), () => real.code({ code: '', env: { LONG: tooLong } })]) {
        const fault = await work().then(() => undefined, (reason: Error & { kind: string }) => reason);
        expect(fault?.kind).to.equal('InvalidParams');
        expect(fault?.message).to.include('131071');
      }
    });
  });
}
