/** Programs that want to be taken for the shell, and shells that die (C8, D9). */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Stream } from '../../../server/src/runtime/ports.ts';
import { HeldShell, newMark } from '../../../server/src/runtime/shell/shell.ts';
import { deferred } from '../../../server/src/base/promises.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { type Opened, openLocal } from './local.ts';
import { ScriptedChannel } from './scripted.ts';
import { localShells } from './shells.ts';

const SEED = 101;

async function scripted() {
  const channel = new ScriptedChannel();
  const opening = newMark();
  const clock = new FakeClock();
  const { shell, facts } = HeldShell.open(channel, opening, clock);
  void channel.say('stdout', `${opening}pid 1\n${opening}`);
  void channel.say('stderr', opening);
  expect(await facts).to.equal('pid 1\n');
  /** Starts a turn, and gives its mark. */
  const begin = (sink: (stream: Stream, chunk: Buffer) => void | Promise<void> = () => undefined) => {
    let mark = '';
    const done = shell.run((end) => (mark = end), sink);
    return { mark, done };
  };
  return { channel, shell, begin, clock };
}

describe('a held shell and what it hears', () => {
  it('ends a turn when both streams have ended, in any order', async () => {
    for (const order of [['stdout', 'stderr'], ['stderr', 'stdout']] as const) {
      const { channel, begin } = await scripted();
      const { mark, done } = begin();
      let over = false;
      void done.then(() => (over = true));
      for (const stream of order) {
        await new Promise((resolve) => setImmediate(resolve));
        expect(over).to.equal(false);
        void channel.say(stream, stream === 'stdout' ? `${mark}0${mark}` : mark);
      }
      expect(await done).to.equal('0');
    }
  });

  it('gives every byte on before it ends, also to a sink that is slow', async () => {
    const { channel, begin } = await scripted();
    const events: string[] = [];
    const gates = [deferred(), deferred()];
    let turn = 0;
    const { mark, done } = begin(async (stream, chunk) => {
      const gate = gates[turn++];
      await gate?.promise;
      events.push(`${stream} ${chunk.toString()}`);
    });
    void done.then(() => events.push('done'));
    void channel.say('stdout', `last words${mark}0${mark}`);
    void channel.say('stderr', `and more${mark}`);
    gates[1]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    gates[0]?.resolve();
    await done;
    expect(events).to.deep.equal(['stderr and more', 'stdout last words', 'done']);
  });

  it('is not ended by the marks of earlier turns, by halves, or by marks on the wrong stream', async () => {
    const { channel, begin } = await scripted();
    const first = begin();
    void channel.say('stdout', `${first.mark}0${first.mark}`);
    void channel.say('stderr', first.mark);
    await first.done;
    let out = '';
    const second = begin((_stream, chunk) => void (out += chunk.toString()));
    const lies = [first.mark, `${first.mark}0;;;0;;${first.mark}`, second.mark.slice(0, 23), second.mark.slice(1), second.mark.toUpperCase().slice(0, -1)];
    for (const lie of lies) void channel.say('stdout', `${lie}\n`);
    void channel.say('stderr', second.mark);
    void channel.say('stderr', `late ${second.mark}`);
    void channel.say('stdout', `${second.mark}7${second.mark}`);
    expect(await second.done).to.equal('7');
    expect(out).to.equal(lies.map((lie) => `${lie}\n`).join(''));
  });

  it('ends every turn where it ends, whatever is printed and however it is cut', async () => {
    const noise = fc.array(fc.oneof(fc.constantFrom('MARK', 'OLD', 'HALF'), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 10 });
    const property = fc.asyncProperty(fc.array(fc.tuple(noise, noise, fc.nat(5)), { minLength: 1, maxLength: 4 }), fc.nat(40), async (turns, size) => {
      const { channel, begin } = await scripted();
      let old = newMark();
      const speak = (stream: Stream, text: string) => {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size + 1) void channel.say(stream, bytes.subarray(at, at + size + 1));
      };
      for (const [out, err, status] of turns) {
        const seen = { stdout: '', stderr: '', pty: '' };
        const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
        const { mark, done } = begin((stream, chunk) => void parts[stream as 'stdout' | 'stderr'].push(chunk));
        const words = (list: readonly string[]) =>
          list.map((word) => (word === 'OLD' ? old : word === 'HALF' || word === 'MARK' ? mark.slice(0, 12) : word)).join('\n');
        seen.stdout = words(out);
        seen.stderr = words(err);
        speak('stderr', `${seen.stderr}${mark}`);
        speak('stdout', `${seen.stdout}${mark}${status}${mark}`);
        expect(await done).to.equal(String(status));
        expect(Buffer.concat(parts.stdout).toString()).to.equal(seen.stdout);
        expect(Buffer.concat(parts.stderr).toString()).to.equal(seen.stderr);
        old = mark;
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it('is destroyed when the end does not end', async () => {
    const { channel, shell, begin } = await scripted();
    const { mark, done } = begin();
    void channel.say('stdout', mark);
    for (let at = 0; at < 100; at++) void channel.say('stdout', 'x'.repeat(100));
    expect(await done).to.equal(undefined);
    expect(channel.destroyed).to.equal(true);
    expect(shell.alive).to.equal(false);
  });

  it('that goes away ends the turn with nothing, and takes no more', async () => {
    for (const last of ['', 'half ', '\0']) {
      const { channel, shell, begin } = await scripted();
      const { mark, done } = begin();
      void channel.say('stdout', `${last}${mark}0`);
      channel.end();
      expect(await done).to.equal(undefined);
      expect(shell.alive).to.equal(false);
      expect(await shell.run(() => '', () => undefined)).to.equal(undefined);
    }
  });

  it('drops what nobody asked for: at once up to a limit, then slowly', async () => {
    const { channel, clock } = await scripted();
    const chunk = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 16; count++) expect(channel.say('stdout', chunk)).to.equal(undefined);
    const waits = channel.say('stdout', chunk);
    expect(waits).to.be.instanceOf(Promise);
    await clock.advance(50);
    await waits;
  });
});

for (const local of localShells) {
  describe(`programs that lie to ${local.name}`, () => {
    let held: Opened;
    before(async () => (held = await openLocal(local)));
    after(() => held.close());

    it('with anything that looks like the end', async () => {
      const marks: string[] = [];
      for (let turn = 0; turn < 10; turn++) {
        const lies = [...marks, newMark(), ...marks.map((mark) => `${mark}0;;;0;;${mark}`), ';;;', '\0', '\x04', 'exit'];
        const command = ['printf', '%b\\n', ...lies.map((lie) => lie.replaceAll('\0', '\\0000'))];
        const { stdout, report } = await held.run(command);
        expect(stdout).to.equal(lies.map((lie) => `${lie}\n`).join(''));
        expect(report?.exit).to.include({ code: 0 });
        await held.shell.run((mark) => (marks.push(mark), `t ${mark} 0`), () => undefined);
      }
    });

    it('with bytes at random', async () => {
      const noise = randomBytes(80_000);
      const chunks: Buffer[] = [];
      const { report } = await held.run(`printf '%s' ${noise.toString('base64')} | base64 -d; exit 12`.replaceAll(/\n/g, ''), {
        sink: (_stream, chunk) => void chunks.push(chunk),
      });
      expect(Buffer.concat(chunks).equals(noise)).to.equal(true);
      expect(report?.exit).to.include({ code: 12 });
    });

    it('by killing the shell that waits for them', async () => {
      const doomed = await openLocal(local);
      const ran = await doomed.run('echo before; set -- $(cat /proc/$PPID/stat); kill -9 $4 $PPID; exit 0');
      expect(ran.stdout).to.equal('before\n');
      expect(ran.report).to.equal(undefined);
      expect(doomed.shell.alive).to.equal(false);
    });

    it('by reading the lines that are meant for the shell', async () => {
      held.shell.control('STOLEN=no');
      const { stdout } = await held.run('cat; cat <&0; read -r line; echo "[$line]"');
      expect(stdout).to.equal('[]\n');
    });
  });
}
