/** The contract on terminals, for runtimes that have terminals and a shell. */
import { expect } from 'chai';
import { deferred } from '../../../server/src/base/promises.ts';
import { until } from '../kinds/deno/until.ts';
import { type Parts, program as programOf, start, useSandbox } from './harness.ts';

const pty = { cols: 91, rows: 17 };

/** Writes until the terminal takes no more, notes how much that was, and ends. */
const FULL = `
import os, select, tty
tty.setraw(1)
os.set_blocking(1, False)
total = 0
while select.select([], [1], [], 0.3)[1]:
  try:
    total += os.write(1, b"x" * 1000)
  except BlockingIOError:
    pass
with open("/workspace/part", "w") as file:
  file.write(str(total))
os.rename("/workspace/part", "/workspace/written")
`;

export function describeTerminals(parts: Parts): void {
  const { features } = parts;
  if (!features.pty || !features.shell) return;

  describe('terminals', () => {
    const held = useSandbox(parts);
    const open = (command: string | readonly string[]) => start(held.sandbox, command, { pty, stdin: 'open' });

    it('have the size that was asked for', async () => {
      const program = await open('test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM');
      expect(await program.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(program.output.of('pty').toString()).to.equal('17 91\r\nxterm-256color\r\n');
    });

    if (features.languages.includes('python')) {
      it('lose nothing of what a program wrote before its end, however late it is taken (T15)', async () => {
        const taken = deferred();
        let bytes = 0;
        const running = await held.sandbox.start(programOf(['python3', '-c', FULL], { pty, stdin: 'open' }), (_, chunk) => {
          bytes += chunk.length;
          return taken.promise;
        });
        const written = () => held.sandbox.files.read('/workspace/written', 0, undefined).then(({ bytes }) => Number(bytes.toString()), () => 0);
        await until('the terminal is full', async () => (await written()) > 0);
        taken.resolve();
        expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
        expect(bytes).to.equal(await written());
      });
    }

    it('report the exit code of the program', async () => {
      for (const code of [0, 1, 42]) expect(await (await open(`exit ${code}`)).exited).to.deep.include({ kind: 'exited', code });
    });

    it('pass arguments and variables on as they are', async () => {
      const nasty = `it's "$HOME" %s \\ *`;
      const program = await start(held.sandbox, ['sh', '-c', 'printf "%s|%s" "$1" "$V"', 'sh', nasty], { pty, stdin: 'open', env: { V: nasty } });
      await program.exited;
      expect(program.output.of('pty').toString()).to.equal(`${nasty}|${nasty}`);
    });

    it('echo what is typed, and pass it on line by line', async () => {
      const program = await open('read line; echo "got $line"');
      await program.write(Buffer.from('Ada\n'));
      await program.exited;
      expect(program.output.of('pty').toString()).to.equal('Ada\r\ngot Ada\r\n');
    });

    it('turn Ctrl-C into SIGINT', async () => {
      const program = await open('trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.1; done');
      await program.output.seen('ready');
      await program.write(Buffer.from('\x03'));
      expect(await program.exited).to.deep.include({ kind: 'exited', code: 3 });
      expect(program.output.of('pty').toString()).to.contain('caught');
    });

    it('end the input at Ctrl-D', async () => {
      const program = await open('cat; echo end');
      await program.write(Buffer.from('one\n'));
      program.end();
      expect(await program.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(program.output.of('pty').toString()).to.match(/one\r\none\r\n.*end\r\n$/s);
    });

    it('can be resized, and the program is told', async () => {
      const program = await open('trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.1; done');
      await program.output.seen('ready');
      await program.resize({ cols: 120, rows: 40 });
      await program.exited;
      expect(program.output.of('pty').toString()).to.contain('40 120');
    });

    it('pass signals to the program', async () => {
      const program = await open('trap "echo hup; exit 4" HUP; echo ready; while :; do sleep 0.1; done');
      await program.output.seen('ready');
      await program.signal('SIGHUP');
      expect(await program.exited).to.deep.include({ kind: 'exited', code: 4 });
    });

    it('are killed with everything that runs on them', async () => {
      const program = await open('sleep 60931 & sleep 60931 & echo ready; trap "" HUP TERM INT; while :; do sleep 0.1; done');
      await program.output.seen('ready');
      await program.kill();
      expect((await program.exited).kind).to.equal('signaled');
      const left = await start(held.sandbox, 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "sleep 6093[1]"; true');
      await left.exited;
      expect(left.output.of('stdout').toString()).to.equal('0\n');
    });
  });
}
