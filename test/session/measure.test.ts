/** The events by which sessions report how long their runtime took. */
import { expect } from 'chai';
import { CommandBench } from '../command/bench.ts';
import { SessionBench } from './bench.ts';

const workspace = { path: '/somewhere', access: 'copy' } as const;

describe('a new session reports', () => {
  it('how long it took to create its sandbox', async () => {
    const bench: SessionBench = new SessionBench({ creating: () => bench.clock.advance(120) });
    await bench.create();
    expect(bench.samples).to.deep.equal([['fake', 'coldMs', 120]]);
  });

  it('nothing if a folder was shared or something was downloaded', async () => {
    const bench = new SessionBench({ creating: (_spec, { report }) => report('pulling', 0) });
    await bench.create();
    await bench.create({ workspace });
    expect(bench.samples).to.deep.equal([]);
  });

  it('the time also if there was progress without a download', async () => {
    const bench = new SessionBench({ creating: (_spec, { report }) => report('starting') });
    await bench.create();
    expect(bench.samples).to.have.lengthOf(1);
  });

  it('nothing if no sandbox was created', async () => {
    const bench = new SessionBench({ creating: () => Promise.reject(new Error('no')) });
    await bench.create().catch(() => undefined);
    expect(bench.samples).to.deep.equal([]);
  });
});

describe('the first program of a session reports', () => {
  const words = (bench: CommandBench) => bench.sessions.samples.filter(([, quantity]) => quantity === 'warmMs').map(([, , ms]) => ms);
  const after = async (bench: CommandBench, ms: number, work: Promise<unknown>) => {
    await bench.clock.advance(ms);
    await work;
  };

  it('how long it took to its first output, and no other program does', async () => {
    const bench = await CommandBench.create();
    await after(bench, 1000, bench.shell('sleep 30\necho 1\nsleep 500\necho 2'));
    await after(bench, 1000, bench.shell('sleep 10\necho 1'));
    expect(words(bench)).to.deep.equal([30]);
  });

  it('how long it took to its end, if it has no output', async () => {
    const bench = await CommandBench.create();
    await after(bench, 1000, bench.shell('sleep 40'));
    expect(words(bench)).to.deep.equal([40]);
  });

  const silent: Record<string, string> = { 'it is ended before it says something': 'forever', 'it dies': 'sleep 5\ncrash SIGSEGV' };
  for (const [name, script] of Object.entries(silent)) {
    it(`nothing if ${name}`, async () => {
      const bench = await CommandBench.create();
      await after(bench, 1000, bench.shell(script, { timeoutMs: 100 }));
      expect(words(bench)).to.deep.equal([]);
    });
  }

  it('nothing if it is a compiler', async () => {
    const phases = () => [{ name: 'compile', command: ['fake', 'sleep 5'], env: {} }, { name: 'run', command: ['fake', 'echo 1'], env: {} }] as const;
    const bench = await CommandBench.create({ phases });
    await after(bench, 1000, bench.code({ code: 'x' }));
    expect(words(bench)).to.deep.equal([]);
  });
});
