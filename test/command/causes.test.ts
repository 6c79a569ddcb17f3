/** If a command has several reasons to end, the first one decides its outcome, in every order (F-B10, F-C1, F-C8). */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import type { Outcome } from '../../server/src/protocol/index.ts';
import { CommandBench } from './bench.ts';

const TIMEOUT_MS = 1000;
const OUTPUT_BYTES = 10;

type Event = (bench: CommandBench) => unknown;

/** Reasons from outside for which a command ends. */
const causes: Record<string, [event: Event, outcome: Outcome]> = {
  'it is cancelled': [(bench) => bench.controller.abort(), 'cancelled'],
  'its time limit is reached': [(bench) => bench.clock.advance(TIMEOUT_MS), 'timedOut'],
  'it prints too much': [(bench) => bench.process.print('stdout', 'x'.repeat(OUTPUT_BYTES + 1)), 'outputLimit'],
  'its sandbox is lost': [(bench) => bench.sandbox.destroy(), 'sandboxLost'],
  'its session is closed': [(bench) => void bench.session.close('client'), 'cancelled'],
};

/** Ways in which a program ends by itself. */
const exits: Record<string, [event: Event, outcome: Outcome]> = {
  'it exits': [(bench) => bench.process.stop({ kind: 'exited', code: 3 }), 'exited'],
  'it crashes': [(bench) => bench.process.stop({ kind: 'signaled', signal: 'SIGSEGV' }), 'signaled'],
  'it runs out of memory': [(bench) => bench.process.stop({ kind: 'memoryLimit', signal: 'SIGKILL', code: null }), 'memoryLimit'],
};

const create = (options = {}) => CommandBench.create({ limits: { timeoutMs: TIMEOUT_MS, outputBytes: OUTPUT_BYTES }, ...options });

function expectNothingLeft({ clock, commands }: CommandBench, commandId: string): void {
  expect(clock.pending, 'timers').to.equal(0);
  expect(commands.find(commandId), 'running').to.equal(undefined);
}

describe('the outcome of a command', () => {
  for (const [first, [begin, outcome]] of Object.entries({ ...causes, ...exits })) {
    for (const [second, [then]] of Object.entries({ ...causes, ...exits })) {
      it(`says that ${first}, also if ${second} after that`, async () => {
        const bench = await create();
        // It does not die at once, so it is still alive at the second event.
        const running = bench.shell('immortal\nforever', { commandId: 'c' });
        await bench.settle();
        await begin(bench);
        await bench.settle();
        await then(bench);
        bench.process.stop({ kind: 'signaled', signal: 'SIGKILL' });
        await bench.clock.advance(5000);
        const result = await running;
        expect(result.outcome).to.equal(outcome);
        expectNothingLeft(bench, 'c');
      });
    }
  }

  const silent = Object.entries(causes).filter(([name]) => name !== 'it prints too much');

  for (const [name, [event]] of silent) {
    it(`says that it has exited, also if ${name} while the client takes the last output`, async () => {
      const bench = await create();
      const running = bench.shell('forever', { commandId: 'c' });
      await bench.settle();
      // An incomplete character is sent as U+FFFD when the program has ended.
      await bench.process.print('stdout', Buffer.from([0xc3]));
      bench.taking = new Promise(() => undefined);
      bench.process.stop({ kind: 'exited', code: 0 });
      await bench.settle();
      expect(bench.sent.map(({ data }) => data)).to.deep.equal(['\uFFFD']);
      await event(bench);
      await bench.clock.advance(3000);
      expect(await running).to.include({ outcome: 'exited', exitCode: 0 });
      expectNothingLeft(bench, 'c');
    });

    it(`says that it has exited, also if ${name} while temporary files are being removed`, async () => {
      const bench = await create();
      const gate = deferred();
      bench.sandbox.files.doing = (operation) => (operation === 'delete' ? gate.promise : undefined);
      const running = bench.code({ code: 'exit 4' });
      await bench.settle();
      await event(bench);
      gate.resolve();
      await bench.clock.advance(3000);
      expect(await running).to.include({ outcome: 'exited', exitCode: 4 });
    });

    it(`is decided although the client takes no output: ${name}`, async () => {
      const bench = await create();
      bench.taking = new Promise(() => undefined);
      const running = bench.shell('echo one\nforever', { commandId: 'c' });
      await bench.settle();
      await event(bench);
      await bench.clock.advance(3000);
      expect((await running).outcome).to.equal(causes[name]?.[1]);
      expectNothingLeft(bench, 'c');
    });

    it(`is decided before its program starts: ${name}`, async () => {
      const gate = deferred();
      const bench = await create({ starting: () => gate.promise });
      const running = bench.shell('forever');
      await bench.settle();
      await event(bench);
      gate.resolve();
      await bench.clock.advance(3000);
      expect(await running).to.deep.include({ outcome: causes[name]?.[1], exitCode: null, stdout: '' });
    });

    it(`ends the start of its program, however long that would take: ${name}`, async () => {
      const starting = (_: unknown, stop: AbortSignal | undefined) => new Promise<void>((_resolve, reject) => stop?.addEventListener('abort', () => reject(new Error('killed'))));
      const bench = await create({ starting });
      const running = bench.shell('forever', { commandId: 'c' });
      await bench.settle();
      await event(bench);
      expect(await running).to.deep.include({ outcome: causes[name]?.[1], exitCode: null });
      await bench.clock.advance(3000);
      expectNothingLeft(bench, 'c');
    });

    it(`is a result and not an error if its program cannot start after that: ${name}`, async () => {
      const gate = deferred();
      const bench = await create({ starting: () => gate.promise });
      const running = bench.shell('forever');
      await bench.settle();
      await event(bench);
      gate.reject(new Error('too late'));
      await bench.clock.advance(3000);
      expect(await running).to.include({ outcome: causes[name]?.[1] });
    });
  }

  it('is decided by a cancellation also if the program starts after it, and the program is killed', async () => {
    const gate = deferred();
    const bench = await create({ starting: () => gate.promise });
    const running = bench.shell('forever');
    await bench.settle();
    bench.controller.abort();
    gate.resolve();
    expect(await running).to.include({ outcome: 'cancelled', signal: 'SIGKILL' });
    expect(bench.process.kills).to.deep.equal([0]);
  });

  it('is cancelled, and no program is started, if it was cancelled before its turn', async () => {
    const gate = deferred();
    const bench = await create();
    bench.sandbox.files.doing = () => gate.promise;
    const before = bench.session.command(() => bench.sandbox.files.createDirectory('/tmp/a', true));
    const running = bench.shell('echo one');
    await bench.settle();
    bench.controller.abort();
    gate.resolve();
    await before;
    expect(await running).to.include({ outcome: 'cancelled', exitCode: null, stdoutBytes: 0 });
    expect(bench.sandbox.processes).to.deep.equal([]);
  });

  it('is an error if its program cannot be started and nothing else has ended it', async () => {
    const bench = await create({ starting: () => { throw new Error('no such thing'); } });
    const fault: unknown = await bench.shell('echo one', { commandId: 'c' }).catch((thrown: unknown) => thrown);
    expect((fault as Error).message).to.equal('no such thing');
    expect(bench.closed).to.deep.equal(['c']);
    expectNothingLeft(bench, 'c');
  });
});

describe('the time limit', () => {
  const limits: [session: number, asked: number | undefined, ms: number | undefined][] = [
    [0, undefined, undefined], [0, 0, undefined], [0, 500, 500],
    [1000, undefined, 1000], [1000, 0, 1000], [1000, 500, 500], [1000, 2000, 1000],
  ];
  for (const [session, asked, ms] of limits) {
    it(`is ${ms ?? 'none'} if the session has ${session} and the command asks for ${asked} (F-B10)`, async () => {
      const bench = await CommandBench.create({ limits: { timeoutMs: session } });
      const running = bench.shell('forever', asked === undefined ? {} : { timeoutMs: asked });
      await bench.settle();
      if (ms === undefined) {
        await bench.clock.advance(1e9);
        bench.controller.abort();
        expect((await running).outcome).to.equal('cancelled');
        return;
      }
      await bench.clock.advance(ms - 1);
      expect(bench.process.kills).to.deep.equal([]);
      await bench.clock.advance(1);
      expect(await running).to.include({ outcome: 'timedOut', durationMs: ms });
    });
  }

  it('includes the time before the turn of the command', async () => {
    const gate = deferred();
    const bench = await create();
    bench.sandbox.files.doing = () => gate.promise;
    void bench.session.command(() => bench.sandbox.files.createDirectory('/tmp/a', true));
    const running = bench.shell('forever');
    await bench.clock.advance(TIMEOUT_MS);
    gate.resolve();
    expect(await running).to.include({ outcome: 'timedOut', durationMs: TIMEOUT_MS });
  });

  it('sends SIGTERM, and SIGKILL a moment later (F-B10)', async () => {
    const bench = await create();
    const running = bench.shell('stubborn\nforever');
    await bench.clock.advance(TIMEOUT_MS);
    expect(bench.process.signals).to.deep.equal(['SIGTERM']);
    await bench.clock.advance(299);
    expect(bench.process.signals).to.deep.equal(['SIGTERM']);
    await bench.clock.advance(1);
    expect(await running).to.include({ outcome: 'timedOut', signal: 'SIGKILL', durationMs: TIMEOUT_MS + 300 });
  });

  it('applies to all phases together', async () => {
    const phases = () => [{ name: 'compile' as const, command: ['fake', 'sleep 600'], env: {} }, { name: 'run' as const, command: ['fake', 'sleep 600'], env: {} }];
    const bench = await create({ phases });
    const running = bench.code({ code: '' });
    await bench.clock.advance(TIMEOUT_MS + 300);
    const { outcome, phases: ran } = await running;
    expect([outcome, ran.map(({ name, outcome: each }) => `${name} ${each}`)]).to.deep.equal(['timedOut', ['compile exited', 'run timedOut']]);
  });
});
