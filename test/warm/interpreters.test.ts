/** Which interpreter waits in a session, and when none is started. */
import { expect } from 'chai';
import { createLog } from '../../server/src/base/log.ts';
import { defaultLimits } from '../../server/src/policy/defaults.ts';
import type { HeldProcess, Program, Sandbox, Toolchain } from '../../server/src/runtime/ports.ts';
import { firstWish, type Holder, WarmInterpreters } from '../../server/src/warm/interpreters.ts';
import { FakeClock } from '../fakes/clock.ts';

const toolchain: Toolchain = {
  extension: '.py',
  version: () => Promise.resolve(undefined),
  warmUp: { extra: () => ({ env: {} }), early: /^EARLY/ },
  phases: (file, args) => [{ name: 'run', command: ['tool', file, ...args], env: {} }],
};

/** A session in which every program is held, or none can be. */
function holder(change: Partial<Holder> & { fails?: boolean } = {}) {
  const held: { program: Program; path: string; killed: boolean }[] = [];
  const hold = (program: Program, path: string): Promise<HeldProcess> => {
    const each = { program, path, killed: false };
    held.push(each);
    if (change.fails) return Promise.reject(new Error('no'));
    const process: Partial<HeldProcess> = { exited: new Promise(() => undefined), release: () => Promise.resolve(true), kill: async () => void (each.killed = true) };
    return Promise.resolve(process as HeldProcess);
  };
  const sandbox = { can: { hold: true }, files: { delete: () => Promise.resolve(true), write: () => Promise.resolve() }, hold, toolchain: () => Promise.resolve(toolchain) };
  const session: Holder = { sandbox: sandbox as unknown as Sandbox, limits: defaultLimits, env: {}, state: 'ready', reason: undefined, ...change };
  return { session, held };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const bench = (enabled = true) => {
  const clock = new FakeClock();
  return { clock, warm: new WarmInterpreters({ enabled, clock, log: createLog('error', () => undefined) }) };
};
const wish = firstWish('python');

describe('warm interpreters', () => {
  it('are started as a run of the program is, when the session has been quiet for a moment', async () => {
    const { clock, warm } = bench();
    const { session, held } = holder({ env: { A: 'b' } });
    warm.prepareSoon(session, 'python');
    await clock.advance(149);
    expect(held).to.deep.equal([]);
    await clock.advance(1);
    await settle();
    const [{ program, path } = { program: undefined, path: '' }] = held;
    expect(path).to.match(/^\/workspace\/main-[0-9a-f]{8}\.py$/);
    expect(program).to.deep.equal({ command: ['tool', path], cwd: '/workspace', env: { A: 'b' }, stdin: 'none', pty: undefined });
  });

  it('wait for a run like the last one', async () => {
    const { warm } = bench();
    const { session, held } = holder();
    const pty = { cols: 80, rows: 24 };
    const again = { language: 'python', file: '/workspace/it.py', args: ['x'], settings: { cwd: '/tmp', env: { A: 'b' }, stdin: 'open', pty } } as const;
    warm.prepare(session, again);
    await settle();
    expect(held[0]?.program).to.deep.equal({ command: ['tool', '/workspace/it.py', 'x'], cwd: '/tmp', env: { A: 'b' }, stdin: 'open', pty });
    const interpreter = warm.take(session);
    const { file, args, settings } = again;
    const run = { toolchain, file, text: false, args, settings };
    expect(interpreter?.suits(run)).to.equal(true);
    for (const change of [{ file: '/workspace/other.py' }, { text: true }, { args: [] }, { toolchain: { ...toolchain } }, ...[{ cwd: '/workspace' }, { env: {} }, { stdin: 'none' as const }, { pty: { cols: 81, rows: 24 } }, { stderrToStdout: true }].map((other) => ({ settings: { ...settings, ...other } }))]) {
      expect(interpreter?.suits({ ...run, ...change }), JSON.stringify(change)).to.equal(false);
    }
    expect(warm.take(session)).to.equal(undefined);
  });

  const none: Record<string, [change: Partial<Holder>, env?: Record<string, string>]> = {
    'in a session with little memory': [{ limits: { ...defaultLimits, memoryBytes: 255 * 1024 * 1024 } }],
    'in a session with few processes': [{ limits: { ...defaultLimits, pids: 63 } }],
    'in a session that is closed': [{ reason: 'closed' as Holder['reason'] }],
    'with a variable that has code run before the file': [{}, { EARLY: 'x' }],
  };
  for (const [where, [change, env = {}]] of Object.entries(none)) {
    it(`are not started ${where}`, async () => {
      const { warm } = bench();
      const { session, held } = holder(change);
      warm.prepare(session, { ...wish, settings: { ...wish.settings, env } });
      await settle();
      expect(held).to.deep.equal([]);
    });
  }

  it('are not started where they are turned off', async () => {
    const { warm, clock } = bench(false);
    const { session, held } = holder();
    warm.prepare(session, wish);
    warm.prepareSoon(session, 'python');
    await clock.advance(1000);
    expect(held).to.deep.equal([]);
  });

  it('are not started a second time while one waits, and not again where that has failed three times', async () => {
    const { warm } = bench();
    const { session, held } = holder();
    for (let times = 0; times < 2; times++) warm.prepare(session, wish);
    await settle();
    expect(held.length).to.equal(1);
    const failing = holder({ fails: true });
    for (let times = 0; times < 5; times++) {
      warm.prepare(failing.session, wish);
      await settle();
    }
    expect(failing.held.length).to.equal(3);
  });

  it('are killed when they are not needed', async () => {
    const { warm } = bench();
    const { session, held } = holder();
    warm.prepare(session, wish);
    await settle();
    const interpreter = warm.take(session);
    if (interpreter) warm.discard(session, interpreter);
    await settle();
    expect(held.map(({ killed }) => killed)).to.deep.equal([true]);
  });
});
