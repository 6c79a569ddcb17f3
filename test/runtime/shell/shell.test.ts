/** The held shell in every POSIX shell of this machine: what it runs, and how it knows that it has ended. */
import { constants, tmpdir } from 'node:os';
import { realpathSync } from 'node:fs';
import { expect } from 'chai';
import type { Exit } from '../../../server/src/runtime/ports.ts';
import { operationLine, ownStdinLine, signalLine } from '../../../server/src/runtime/shell/lines.ts';
import { parseReport } from '../../../server/src/runtime/shell/trailer.ts';
import { type Opened, openLocal } from './local.ts';
import { localShells } from './shells.ts';

const short = (exit: Exit | undefined) =>
  exit?.kind === 'exited' ? exit.code : exit?.kind === 'signaled' ? exit.signal : exit?.kind;

for (const local of localShells) {
  describe(`a held shell, ${local.name}`, () => {
    let held: Opened;
    before(async () => (held = await openLocal(local)));
    after(() => held.close());

    it('says what it is', () => {
      expect(held.facts.pid).to.equal(held.channel.child.pid);
      expect(held.facts.uid).to.equal(process.getuid?.());
    });

    it('runs one program after the other, each with its own output', async () => {
      for (let turn = 0; turn < 20; turn++) {
        expect(await held.run(`echo ${turn}; echo e${turn} >&2`)).to.deep.include({ stdout: `${turn}\n`, stderr: `e${turn}\n` });
      }
    });

    it('runs a program with arguments to the letter', async () => {
      const args = ['', ' ', '-n', "it's", '$HOME', '*', 'two\nlines', '日本'];
      const { stdout } = await held.run(['printf', '%s|', ...args]);
      expect(stdout).to.equal(args.map((arg) => `${arg}|`).join(''));
    });

    it('runs a line of several lines, comments and here-documents', async () => {
      const { stdout, report } = await held.run('cat <<END # a comment\none "two" \\$x\nEND\nif true; then\n  exit 3\nfi');
      expect(stdout).to.equal('one "two" $x\n');
      expect(short(report?.exit)).to.equal(3);
    });

    it('gives a program its own environment, directory and empty stdin', async () => {
      const cwd = realpathSync(tmpdir());
      const { stdout } = await held.run('echo "$A$B"; pwd; cat; echo end', { cwd, env: { A: 'one ', B: "it's" } });
      expect(stdout).to.equal(`one it's\n${cwd}\nend\n`);
      expect((await held.run('echo "[$A]"')).stdout).to.equal('[]\n');
    });

    it('fails a program whose directory is not there', async () => {
      const { report, stderr } = await held.run('echo no', { cwd: '/nowhere' });
      expect(short(report?.exit)).to.equal(1);
      expect(stderr).to.include('/nowhere');
    });

    for (const status of [0, 1, 2, 7, 126, 127, 128, 129, 130, 137, 143, 200, 255]) {
      it(`tells the exit status ${status}`, async () => {
        const found = short((await held.run(`exit ${status}`)).report?.exit);
        if (local.tellsJobs || typeof found === 'number') expect(found).to.equal(status);
        else expect(constants.signals[found as NodeJS.Signals]).to.equal(status - 128);
      });
    }

    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGSEGV', 'SIGPIPE', 'SIGHUP', 'SIGABRT', 'SIGUSR1']) {
      it(`tells death by ${signal} from an exit`, async function () {
        const { stdout } = await held.run('env --default-signal=INT true 2>/dev/null && echo yes');
        // Without this option of env nobody can give SIGINT and SIGQUIT back their meaning.
        const deaf = stdout === '' && /INT|QUIT/.test(signal);
        const { report } = await held.run(`kill -s ${signal.slice(3)} $$; exit 5 # Done Exit 1`);
        expect(short(report?.exit)).to.equal(deaf ? 5 : signal);
      });
    }

    it('tells a program that is not there, and one that may not be run', async () => {
      expect(short((await held.run(['no-such-program'])).report?.exit)).to.equal(127);
      expect(short((await held.run(['/etc/passwd'])).report?.exit)).to.equal(126);
    });

    it('hands over a little input with the line', async () => {
      for (const text of ['', 'one\ntwo', '- item\n', '%s\\n\\0', '\0\xff', 'x'.repeat(4096)]) {
        const stdin = Buffer.from(text, 'latin1');
        const chunks: Buffer[] = [];
        const { report } = await held.run('cat; exit 4', { stdin, sink: (_stream, chunk) => void chunks.push(chunk) });
        expect(Buffer.concat(chunks)).to.deep.equal(stdin);
        expect(short(report?.exit)).to.equal(4);
      }
    });

    it('tells the status of a program that does not read its input', async () => {
      expect(short((await held.run('exit 9', { stdin: Buffer.alloc(4096, 120) })).report?.exit)).to.equal(9);
      expect(short((await held.run('kill -9 $$', { stdin: Buffer.from('x') })).report?.exit)).to.equal('SIGKILL');
    });

    it('lets a program own the rest of its stdin, and ends with it', async () => {
      const own = await openLocal(local);
      const chunks: Buffer[] = [];
      const program = { command: 'cat; exit 6', cwd: '/', env: {}, stdin: 'open', pty: undefined } as const;
      const trailer = own.shell.run((mark) => ownStdinLine(mark, 'own', program), (_stream, chunk) => void chunks.push(chunk));
      const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
      await own.shell.write(input);
      own.shell.endInput();
      expect(short(parseReport(await trailer ?? '', 0)?.exit)).to.equal(6);
      expect(Buffer.concat(chunks).equals(input)).to.equal(true);
      await own.channel.closed;
      expect(own.shell.alive).to.equal(false);
    });

    it('goes on where a program with its own stdin ends before the input does', async () => {
      const own = await openLocal(local);
      const program = { command: 'exit 8', cwd: '/', env: {}, stdin: 'open', pty: undefined } as const;
      const trailer = own.shell.run((mark) => ownStdinLine(mark, 'own', program), () => undefined);
      void own.shell.write(Buffer.alloc(1_000_000, 10));
      expect(short(parseReport(await trailer ?? '', 0)?.exit)).to.equal(8);
      await own.channel.closed;
    });

    it('signals the group of a program while it runs', async () => {
      let ready = () => {};
      const started = new Promise<void>((resolve) => (ready = resolve));
      const running = held.run('trap "echo caught; exit 11" TERM; echo ready; while :; do sleep 0.02; done', { sink: () => ready() });
      await started;
      held.shell.control(signalLine('SIGTERM', '$W', 'test'));
      const { stdout, report } = await running;
      expect(stdout).to.equal('ready\ncaught\n');
      expect(short(report?.exit)).to.equal(11);
    });

    it('tells of a child that still holds its output, and of none that does not', async () => {
      // Ends when the child has let go of the output, which it does only once it runs.
      const silent = 'sleep 60 >/dev/null 2>&1 & until [ /proc/$!/fd/2 -ef /dev/null ]; do :; done; echo $!';
      const pid = async (command: string) => {
        const { stdout, report } = await held.run(command);
        return { pid: Number(stdout), held: report?.held };
      };
      for (const [command, holds] of [['sleep 60 & echo $!', true], ['setsid sleep 60 & echo $!', true], ['sleep 60 >&2 & echo $!', true], [silent, false], [`${silent}; exit 1`, false]] as const) {
        const found = await pid(command);
        expect(found.held, command).to.equal(holds);
        await held.run(`kill ${found.pid}; while [ -e /proc/${found.pid}/fd/1 ]; do sleep 0.01; done`);
      }
      expect((await held.run('true')).report).to.include({ held: false });
    });

    it('ends with the last byte, also after a lot of output', async () => {
      let bytes = 0;
      const sink = async (_stream: string, chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      const { report } = await held.run('head -c 3000001 /dev/zero; head -c 2000003 /dev/zero >&2; exit 2', { sink });
      expect(bytes).to.equal(5_000_004);
      expect(short(report?.exit)).to.equal(2);
    });

    it('carries out operations of its own', async () => {
      const trailer = await held.shell.run((mark) => operationLine(mark, 'printf abc;[ -d /nowhere ]||r=1'), () => undefined);
      expect(trailer?.trim()).to.equal('1');
      const body = Buffer.from('\0\n12\xff', 'latin1');
      const out: Buffer[] = [];
      await held.shell.run((mark) => operationLine(mark, `dd bs=${body.length} count=1 iflag=fullblock 2>/dev/null`), (_s, chunk) => void out.push(chunk), body);
      expect(Buffer.concat(out)).to.deep.equal(body);
    });

    it('does one thing at a time', async () => {
      const first = held.run('true');
      expect(held.shell.busy).to.equal(true);
      expect(() => void held.shell.run(() => '', () => undefined)).to.throw('one thing at a time');
      await first;
      expect(held.shell.busy).to.equal(false);
    });
  });
}
