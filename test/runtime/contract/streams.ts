/** The contract on streams: what programs read and write arrives complete, in order, and at the pace of the reader. */
import { expect } from 'chai';
import type { Stream } from '../../../server/src/runtime/ports.ts';
import { floodLine } from './dialects.ts';
import { type Parts, program, run, start, useSandbox } from './harness.ts';

const MIB = 1024 * 1024;

export function describeStreams(parts: Parts): void {
  const { does, command } = parts.features.dialect;

  describe('streams', () => {
    const held = useSandbox(parts);
    const say = (source: string) => command(held.sandbox, source);

    it('carry 10 MiB to a slow sink, one piece at a time', async () => {
      const active = new Map<Stream, number>();
      const pieces: Buffer[] = [];
      let most = 0;
      const slow = async (stream: Stream, chunk: Buffer) => {
        const now = (active.get(stream) ?? 0) + 1;
        active.set(stream, now);
        most = Math.max(most, now);
        pieces.push(Buffer.from(chunk));
        for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
        active.set(stream, now - 1);
      };
      const { exited } = await held.sandbox.start(program(await say(does.flood(10 * MIB))), slow);
      expect(await exited).to.deep.include({ kind: 'exited', code: 0 });
      const all = Buffer.concat(pieces);
      expect(all.length).to.equal(10 * MIB);
      expect(all.equals(Buffer.alloc(10 * MIB, floodLine))).to.equal(true);
      expect(most).to.equal(1);
    });

    it('make a program wait while the sink is slow', async () => {
      let release!: () => void;
      const closed = new Promise<void>((resolve) => (release = resolve));
      let taken = 0;
      const { exited } = await held.sandbox.start(program(await say(does.flood(10 * MIB))), (_, chunk) => {
        taken += chunk.length;
        return closed;
      });
      let ended = false;
      void exited.then(() => (ended = true));
      // Meanwhile no more passes than the pipes on the way can hold. That another program ends shows that enough time has passed.
      await run(held.sandbox, await say(does.print('x', '')));
      expect(taken).to.be.lessThan(MIB);
      expect(ended).to.equal(false);
      release();
      expect(await exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(taken).to.equal(10 * MIB);
    });

    it('do not hold up a kill while the sink waits', async () => {
      let release!: () => void;
      const closed = new Promise<void>((resolve) => (release = resolve));
      let some!: () => void;
      const begun = new Promise<void>((resolve) => (some = resolve));
      const running = await held.sandbox.start(program(await say(does.flood(100 * MIB))), () => {
        some();
        return closed;
      });
      await begun;
      await running.kill();
      release();
      expect(await running.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
    });

    it('give stdin some bytes, and then its end', async () => {
      for (const input of ['', 'text\n', 'no newline', "it's $HOME\n\\0"]) {
        const { exit, stdout } = await run(held.sandbox, await say(does.cat), { stdin: Buffer.from(input) });
        expect(exit).to.deep.include({ kind: 'exited', code: 0 });
        expect(stdout.toString()).to.equal(input);
      }
    });

    it('give stdin many bytes, of every value (F-D4)', async () => {
      const input = Buffer.alloc(3 * MIB, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
      const { stdout } = await run(held.sandbox, await say(does.cat), { stdin: input });
      expect(stdout.equals(input)).to.equal(true);
    });

    it('give stdin nothing if there is no input', async () => {
      const { exit, stdout } = await run(held.sandbox, await say(does.cat), { stdin: 'none' });
      expect(exit).to.deep.include({ kind: 'exited', code: 0 });
      expect(stdout.length).to.equal(0);
    });

    it('keep stdin open until it is ended', async () => {
      const running = await start(held.sandbox, await say(does.cat), { stdin: 'open' });
      await running.write(Buffer.from('one\n'));
      await running.output.seen('one\n');
      await running.write(Buffer.from('two\n'));
      await running.output.seen('two\n');
      running.end();
      expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(running.output.of('stdout').toString()).to.equal('one\ntwo\n');
    });

    it('take input for a program that does not read it, or has ended', async () => {
      const running = await start(held.sandbox, await say(does.exit(5)), { stdin: 'open' });
      expect(await running.exited).to.deep.include({ kind: 'exited', code: 5 });
      await running.write(Buffer.from('too late'));
      running.end();
      const { exit } = await run(held.sandbox, await say(does.exit(6)), { stdin: Buffer.alloc(MIB) });
      expect(exit).to.deep.include({ kind: 'exited', code: 6 });
    });

    it('are one, in the order of what is written, where stderr is to be stdout (L20)', async () => {
      const lines = 200;
      const expected = Array.from({ length: lines }, (_, n) => `${n} ${n % 2 === 0 ? 'out' : 'err'}\n`).join('');
      const { exit, stdout, stderr } = await run(held.sandbox, await say(does.alternate(lines)), { stderrToStdout: true });
      expect(exit).to.deep.include({ kind: 'exited', code: 0 });
      expect([stdout.toString(), stderr.toString()]).to.deep.equal([expected, '']);
      const apart = await run(held.sandbox, await say(does.alternate(4)));
      expect([apart.stdout.toString(), apart.stderr.toString()]).to.deep.equal(['0 out\n2 out\n', '1 err\n3 err\n']);
    });

    it('end with the program, even if the sink fails', async () => {
      const { exited } = await held.sandbox.start(program(await say(does.flood(MIB))), () => Promise.reject(new Error('no more')));
      expect(await exited).to.deep.include({ kind: 'exited', code: 0 });
    });
  });
}
