/** The streams of a program that an agent runs: in order, complete, and never more on their way than was agreed. */
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../../server/src/base/promises.ts';
import { Type } from '../../../server/src/runtime/agent/frames.ts';
import type { Stream } from '../../../server/src/runtime/ports.ts';
import { started } from './programs.ts';
import { settled, isOpen } from './scripted.ts';

const KiB = 1024;
const WINDOW_BYTES = 64 * KiB;
const counted = (size: number) => Buffer.from(Array.from({ length: size }, (_, index) => index % 251));

describe('the input of a program', () => {
  it('is sent as it comes, and its end last', async () => {
    const { agent, channel, process, input } = await started({ stdin: 'open' });
    await process.write(Buffer.from('one\n'));
    await process.write(Buffer.from('two\n'));
    process.end();
    await settled();
    expect(input().toString()).to.equal('one\ntwo\n');
    expect(agent.sent.at(-1)).to.deep.include({ type: Type.end, channel });
  });

  it('is no more than the window until the program has taken it, in order, in any steps', async () => {
    const property = fc.asyncProperty(fc.array(fc.nat(100 * KiB), { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 40 * KiB }), { minLength: 1, maxLength: 8 }), async (sizes, steps) => {
      const { agent, process, input, takes } = await started({ stdin: 'open' });
      const all = counted(sizes.reduce((sum, size) => sum + size, 0));
      let at = 0;
      for (const size of sizes) void process.write(all.subarray(at, (at += size)));
      process.end();
      let taken = 0;
      for (let turn = 0; ; turn++) {
        await settled();
        const sent = input().length;
        expect(sent - taken).to.be.at.most(WINDOW_BYTES);
        expect(agent.of('end').length).to.equal(sent === all.length ? 1 : 0);
        if (taken === all.length) break;
        const step = Math.min(steps[turn % steps.length] as number, sent - taken);
        taken += step;
        takes(step);
      }
      expect(input().equals(all)).to.equal(true);
    });
    await fc.assert(property, { seed: 71, numRuns: 25 });
  });

  it('makes the writer wait until its last byte has been sent', async () => {
    const { process, takes } = await started({ stdin: 'open' });
    let written = false;
    void process.write(Buffer.alloc(WINDOW_BYTES + 1)).then(() => (written = true));
    await settled();
    expect(written).to.equal(false);
    takes(1);
    await settled();
    expect(written).to.equal(true);
  });

  it('that is given with the program is sent, and ended', async () => {
    const bytes = counted(150_000);
    const { agent, input, takes } = await started({ stdin: bytes });
    for (let turn = 0; turn < 3; turn++) {
      await settled();
      takes(50_000);
    }
    await settled();
    expect(input().equals(bytes)).to.equal(true);
    expect(agent.sent.at(-1)?.type).to.equal(Type.end);
  });

  it('of no bytes is only ended', async () => {
    const { agent } = await started({ stdin: Buffer.alloc(0) });
    await settled();
    expect([agent.of('data').length, agent.of('end').length]).to.deep.equal([0, 1]);
  });

  it('that a program leaves when it ends holds nobody up', async () => {
    const { agent, process, exits } = await started({ stdin: 'open' });
    const writing = [process.write(Buffer.alloc(100_000)), process.write(Buffer.alloc(100_000))];
    exits({ value: 8 });
    await Promise.all(writing);
    await process.write(Buffer.from('too late'));
    process.end();
    await settled();
    expect(agent.of('data').reduce((sum, { payload }) => sum + payload.length, 0)).to.equal(WINDOW_BYTES);
    expect(await process.exited).to.deep.include({ code: 8 });
  });

  it('holds nobody up when the sandbox is lost', async () => {
    const { agent, process } = await started({ stdin: 'open' });
    const writing = process.write(Buffer.alloc(100_000));
    agent.end();
    await writing;
  });

  it('of a terminal ends with Ctrl-D, and the terminal goes on', async () => {
    const { agent, process, input } = await started({ pty: { cols: 80, rows: 24 } });
    await process.write(Buffer.from('a\n'));
    process.end();
    await settled();
    expect([input().toString(), agent.of('end')]).to.deep.equal(['a\n\x04', []]);
  });
});

describe('a terminal', () => {
  it('is told its new size, as long as its program runs', async () => {
    const { agent, process, exits } = await started({ pty: { cols: 80, rows: 24 } });
    await process.resize({ cols: 300, rows: 2 });
    await settled();
    exits({ value: 0 });
    await process.resize({ cols: 1, rows: 1 });
    await settled();
    expect(agent.of('resize').map(({ payload }) => [payload.readUInt16LE(0), payload.readUInt16LE(2)])).to.deep.equal([[300, 2]]);
  });

  it('has one stream of output', async () => {
    const seen: string[] = [];
    const { agent, channel } = await started({ pty: { cols: 80, rows: 24 } }, (stream, chunk) => void seen.push(`${stream} ${chunk.toString()}`));
    agent.output(channel, 'pty', 'x');
    expect(seen).to.deep.equal(['pty x']);
  });
});

describe('the output of a program', () => {
  const credits = (agent: Awaited<ReturnType<typeof started>>['agent']) => agent.of('credit').map(({ payload }) => payload.readUInt32LE(0));

  it('goes to the sink piece by piece, in order, each with its stream', async () => {
    const seen: [Stream, string][] = [];
    const { agent, channel, process, exits } = await started({}, (stream, chunk) => void seen.push([stream, chunk.toString()]));
    agent.output(channel, 'stdout', 'a');
    agent.output(channel, 'stderr', 'b');
    agent.output(channel, 'content', 'of nothing');
    agent.output(channel, 'stdout', 'c');
    exits({ value: 0 });
    await process.exited;
    expect(seen).to.deep.equal([['stdout', 'a'], ['stderr', 'b'], ['stdout', 'c']]);
  });

  it('is all taken before the program has ended, also by a sink that is slow', async () => {
    const events: string[] = [];
    const gates = [deferred(), deferred()];
    let turn = 0;
    const { agent, channel, process, exits } = await started({}, async (_, chunk) => {
      await gates[turn++]?.promise;
      events.push(chunk.toString());
    });
    void process.exited.then(() => events.push('ended'));
    agent.output(channel, 'stdout', 'words');
    agent.output(channel, 'stderr', 'last words');
    exits({ value: 0 });
    for (const gate of gates) {
      await settled();
      expect(events).not.to.include('ended');
      gate.resolve();
    }
    await settled();
    expect(events).to.deep.equal(['words', 'last words', 'ended']);
  });

  it('is credited when it was taken, in large steps', async () => {
    const { agent, channel } = await started({});
    for (let count = 0; count < 7; count++) agent.output(channel, 'stdout', Buffer.alloc(WINDOW_BYTES));
    await settled();
    expect(credits(agent)).to.deep.equal([128 * KiB, 128 * KiB, 128 * KiB]);
  });

  it('holds the program up while the sink waits: nothing is credited, and the sink gets nothing more', async () => {
    const gate = deferred();
    let pieces = 0;
    const { agent, channel } = await started({}, () => {
      pieces++;
      return gate.promise;
    });
    for (let count = 0; count < 8; count++) agent.output(channel, 'stdout', Buffer.alloc(WINDOW_BYTES));
    await settled();
    expect([credits(agent), pieces]).to.deep.equal([[], 1]);
    gate.resolve();
    await settled();
    expect([credits(agent).reduce((sum, bytes) => sum + bytes, 0), pieces]).to.deep.equal([512 * KiB, 8]);
  });

  it('that is more than was asked for is not taken: the agent is not spoken with any more', async () => {
    const { agent, channel, process } = await started({}, () => new Promise(() => undefined));
    for (let count = 0; count < 8; count++) agent.output(channel, 'stdout', Buffer.alloc(WINDOW_BYTES));
    expect(agent.destroyed).to.equal(false);
    agent.output(channel, 'stdout', 'x');
    expect(agent.destroyed).to.equal(true);
    await process.kill();
    expect((await process.exited).kind).to.equal('lost');
  });

  it('is never more than the window on its way or in the queue, and the agent is never starved', async () => {
    const property = fc.asyncProperty(fc.array(fc.integer({ min: 1, max: WINDOW_BYTES }), { minLength: 1, maxLength: 60 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), async (sizes, waits) => {
      let taken = 0;
      let turn = 0;
      const { agent, channel, process, exits } = await started({}, (_, chunk) => {
        taken += chunk.length;
        return waits[turn++ % waits.length] ? settled() : undefined;
      });
      let sent = 0;
      const room = () => 512 * KiB + credits(agent).reduce((sum, bytes) => sum + bytes, 0) - sent;
      for (const size of sizes) {
        while (room() < size) await settled();
        sent += size;
        agent.output(channel, 'stdout', Buffer.alloc(size));
        expect(sent - taken).to.be.at.most(512 * KiB);
      }
      exits({ value: 0 });
      await process.exited;
      expect(taken).to.equal(sent);
    });
    await fc.assert(property, { seed: 73, numRuns: 25 });
  });

  for (const [name, fails] of Object.entries({ 'rejects': () => Promise.reject(new Error('no more')), 'throws': () => { throw new Error('no more'); } })) {
    it(`holds nobody up where the sink ${name}`, async () => {
      const { agent, channel, connection, process, exits } = await started({}, fails);
      for (let count = 0; count < 16; count++) {
        agent.output(channel, 'stdout', Buffer.alloc(WINDOW_BYTES));
        await settled();
      }
      expect(credits(agent).reduce((sum, bytes) => sum + bytes, 0)).to.equal(1024 * KiB);
      exits({ value: 0 });
      expect(await process.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(isOpen(connection)).to.equal(true);
    });
  }

  it('does not hold up a kill while the sink waits, and what is left of it is dropped', async () => {
    let pieces = 0;
    const { agent, channel, process, exits, clock } = await started({}, () => {
      pieces++;
      return new Promise(() => undefined);
    });
    for (let count = 0; count < 3; count++) agent.output(channel, 'stdout', Buffer.from('x'));
    const killing = process.kill();
    exits({ signaled: true, value: 9 });
    agent.say('gone', channel);
    await killing;
    expect(await process.exited).to.deep.include({ signal: 'SIGKILL' });
    expect([pieces, clock.pending]).to.deep.equal([1, 0]);
  });

  it('is given up by a kill that comes when the program has ended but the sink still waits', async () => {
    const { agent, channel, process, exits, clock } = await started({}, () => new Promise(() => undefined));
    agent.output(channel, 'stdout', Buffer.from('x'));
    agent.output(channel, 'stdout', Buffer.from('y'));
    exits({ value: 4 });
    agent.say('gone', channel);
    await clock.advance(0);
    await process.kill();
    expect(await process.exited).to.deep.include({ kind: 'exited', code: 4 });
  });

  it('that was on its way is taken before the loss of the sandbox is told', async () => {
    const gate = deferred();
    const events: string[] = [];
    const { agent, channel, process } = await started({}, async () => {
      await gate.promise;
      events.push('taken');
    });
    void process.exited.then(({ kind }) => events.push(kind));
    agent.output(channel, 'stdout', Buffer.from('x'));
    agent.end();
    await settled();
    expect(events).to.deep.equal([]);
    gate.resolve();
    await settled();
    expect(events).to.deep.equal(['taken', 'lost']);
  });
});
