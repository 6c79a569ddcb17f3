/** Time limits and cancels hold in every state of a command, also while it waits for its turn (K11); and a program that was made to end has no exit code (K5). */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { CommandBench } from './bench.ts';

/** A bench whose session is held up by a file command until the returned function is called. */
async function heldUp(): Promise<{ bench: CommandBench; goOn(): void }> {
  const bench = await CommandBench.create();
  const gate = deferred();
  void bench.session.command(() => gate.promise);
  return { bench, goOn: () => gate.resolve() };
}

const programs = ({ sandbox }: CommandBench) => sandbox.processes.map(({ program }) => program.command);

describe('a command that waits for its turn', () => {
  const ends: Record<string, [stop: (bench: CommandBench, controller: AbortController) => unknown, outcome: string]> = {
    'is cancelled': [(_, controller) => controller.abort(), 'cancelled'],
    'reaches its time limit': [(bench) => bench.clock.advance(1000), 'timedOut'],
  };
  for (const [name, [stop, outcome]] of Object.entries(ends)) {
    it(`is answered at once if it ${name}, and never runs (F-C1)`, async () => {
      const { bench, goOn } = await heldUp();
      const controller = new AbortController();
      const running = bench.shell('echo never', { commandId: 'c', timeoutMs: 1000 }, controller.signal);
      await bench.settle();
      await stop(bench, controller);
      expect(await running).to.deep.include({ commandId: 'c', outcome, exitCode: null, signal: null, stdoutBytes: 0 });
      expect([bench.commands.find('c'), bench.clock.pending]).to.deep.equal([undefined, 0]);
      goOn();
      await bench.shell('echo next');
      expect(programs(bench)).to.deep.equal(['echo next']);
    });
  }

  it('runs in its order among forty, but those that were cancelled', async () => {
    const { bench, goOn } = await heldUp();
    const controllers = Array.from({ length: 40 }, () => new AbortController());
    const all = controllers.map(({ signal }, at) => bench.shell(`echo ${at}`, {}, signal));
    await bench.settle();
    for (const [at, controller] of controllers.entries()) if (at % 7 === 3) controller.abort();
    await bench.settle();
    goOn();
    await bench.clock.advance(1000);
    const results = await Promise.all(all);
    expect(results.map(({ outcome }) => outcome)).to.deep.equal(controllers.map((_, at) => (at % 7 === 3 ? 'cancelled' : 'exited')));
    expect(programs(bench)).to.deep.equal(controllers.flatMap((_, at) => (at % 7 === 3 ? [] : [`echo ${at}`])));
  });

  it('leaves the session free for others', async () => {
    const { bench, goOn } = await heldUp();
    const controller = new AbortController();
    const running = bench.shell('echo never', {}, controller.signal);
    await bench.settle();
    controller.abort();
    await running;
    goOn();
    await bench.settle();
    expect(bench.session.state).to.equal('ready');
  });
});

describe('a program that was made to end', () => {
  for (const [cause, stop] of Object.entries({ timedOut: (bench: CommandBench) => bench.clock.advance(1000), cancelled: (bench: CommandBench) => bench.controller.abort() })) {
    it(`has no exit code, whatever it makes of the signal: ${cause}`, async () => {
      const bench = await CommandBench.create();
      const running = bench.shell('immortal\nforever', { timeoutMs: 1000 });
      await bench.settle();
      await stop(bench);
      bench.process.stop({ kind: 'exited', code: 0 });
      const result = await running;
      expect(result).to.include({ outcome: cause, exitCode: null, signal: null });
    });
  }
});
