/** Sandboxes that are prepared in advance: how many wait, who gets them, and which are never used (F-C11, F-C12). */
import { expect } from 'chai';
import { createLog } from '../../server/src/base/log.ts';
import { type LanguageId } from '../../server/src/protocol/index.ts';
import { MAX_WARM, type PoolSpec, SandboxPool } from '../../server/src/warm/pool.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type FakeOptions, FakeRuntime } from '../fakes/runtime.ts';
import { limits } from '../runtime/contract/harness.ts';

const spec = (language: LanguageId = 'python', more: Partial<PoolSpec> = {}): PoolSpec => ({ language, image: undefined, limits, ...more });

function poolOf({ sizes = undefined as Record<string, number> | undefined, prepare = async (): Promise<string | undefined> => 'prepared', ...more }: { sizes?: Record<string, number> | undefined; prepare?: () => Promise<string | undefined> } & Partial<FakeOptions> = {}) {
  const clock = new FakeClock();
  const runtime = new FakeRuntime({ clock, languages: ['python', 'go'], ...more });
  const pool = new SandboxPool<string>({
    clock,
    log: createLog('warn', (line) => {
      throw new Error(`logged: ${line}`);
    }),
    size: (_runtime, { language }) => sizes && (language ? (sizes[language] ?? 0) : 0),
    adjustable: ({ pids }) => pids >= 64,
    prepare,
  });
  return { clock, runtime, pool, quiet: () => clock.advance(2_000) };
}

describe('a pool of sandboxes', () => {
  it('prepares what is configured, from the beginning', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 2 } });
    pool.expect(runtime, spec());
    await quiet();
    expect(runtime.open).to.have.lengthOf(2);
    await pool.close();
    expect(runtime.open).to.have.lengthOf(0);
  });

  it('gives each sandbox away once, and prepares another (F-C11)', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 } });
    pool.expect(runtime, spec());
    await quiet();
    const first = await pool.take(runtime, spec());
    expect([first?.sandbox, first?.extra]).to.deep.equal([runtime.made[0], 'prepared']);
    expect(await pool.take(runtime, spec())).to.equal(undefined);
    await quiet();
    const next = await pool.take(runtime, spec());
    expect(next?.sandbox).not.to.equal(first?.sandbox);
    expect(next?.sessionId).not.to.equal(first?.sessionId);
    for (const warm of [first, next]) await warm?.sandbox.close();
    await pool.close();
    expect(runtime.open).to.have.lengthOf(0);
  });

  it('gives a sandbox only to a request with the same specification', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 } });
    pool.expect(runtime, spec());
    await quiet();
    const others = [spec('go'), spec('python', { image: 'other' }), spec('python', { limits: { ...limits, memoryBytes: limits.memoryBytes / 2 } })];
    for (const other of others) expect(await pool.take(runtime, other)).to.equal(undefined);
    expect(await pool.take(new FakeRuntime({ clock: new FakeClock(), id: 'another' }), spec())).to.equal(undefined);
    expect(await pool.take(runtime, spec())).not.to.equal(undefined);
    await pool.close();
  });

  it('changes the limits of a waiting sandbox if the sandbox can do that', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 }, adjusts: true });
    pool.expect(runtime, spec());
    await quiet();
    const wanted = { ...limits, memoryBytes: limits.memoryBytes / 2, cpus: 2 };
    expect(await pool.take(runtime, spec('python', { limits: { ...wanted, diskBytes: 1 } }))).to.equal(undefined);
    expect(await pool.take(runtime, spec('python', { limits: { ...wanted, pids: 10 } }))).to.equal(undefined);
    const warm = await pool.take(runtime, spec('python', { limits: wanted }));
    expect([warm?.sandbox, warm?.extra, runtime.made[0]?.adjusted]).to.deep.equal([runtime.made[0], 'prepared', [wanted]]);
    await pool.close();
  });

  it('removes a waiting sandbox if changing its limits fails', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 }, adjusts: 'refuses' });
    pool.expect(runtime, spec());
    await quiet();
    expect(await pool.take(runtime, spec('python', { limits: { ...limits, cpus: 2 } }))).to.equal(undefined);
    expect(runtime.open).to.have.lengthOf(0);
    await pool.close();
  });

  it('ignores the limits of output and time, which the daemon enforces', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 } });
    pool.expect(runtime, spec());
    await quiet();
    expect(await pool.take(runtime, spec('python', { limits: { ...limits, outputBytes: 1, timeoutMs: 5 } }))).not.to.equal(undefined);
    await pool.close();
  });

  it('follows demand up to a maximum, and forgets old demand', async () => {
    const { pool, runtime, clock, quiet } = poolOf();
    await quiet();
    expect(runtime.made).to.have.lengthOf(0);
    for (const expected of [1, 2, 3, 3]) {
      const warm = await pool.take(runtime, spec());
      await warm?.sandbox.close();
      await quiet();
      expect(runtime.open).to.have.lengthOf(expected);
    }
    await clock.advance(6 * 60_000);
    expect(runtime.open).to.have.lengthOf(0);
    await pool.close();
    expect(clock.pending).to.equal(0);
  });

  it('never has more waiting sandboxes than its maximum', async () => {
    const { pool, runtime, clock } = poolOf({ sizes: { python: 50 } });
    pool.expect(runtime, spec());
    await clock.advance(60_000);
    expect(runtime.open).to.have.lengthOf(MAX_WARM);
    await pool.close();
  });

  it('prepares nothing while a client waits for a session', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 } });
    let done = (): void => undefined;
    const waiting = pool.yielding(new Promise<void>((resolve) => (done = resolve)));
    pool.expect(runtime, spec());
    await quiet();
    expect(runtime.made).to.have.lengthOf(0);
    done();
    await waiting;
    await quiet();
    expect(runtime.made).to.have.lengthOf(1);
    await pool.close();
  });

  it('never gives away a sandbox that was lost or in which something has run (F-C11, F-C12)', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 3 } });
    pool.expect(runtime, spec());
    await quiet();
    const [dead, touched, clean] = runtime.made;
    dead?.destroy();
    Object.assign(touched as object, { isPristine: () => Promise.resolve(false) });
    await quiet();
    const warm = await pool.take(runtime, spec());
    expect(warm?.sandbox).to.equal(clean);
    expect(touched?.gone).to.equal(true);
    await pool.close();
  });

  it('uses a sandbox also if preparing something in it fails', async () => {
    const { pool, runtime, quiet } = poolOf({ sizes: { python: 1 }, prepare: () => Promise.reject(new Error('no')) });
    pool.expect(runtime, spec());
    await quiet();
    expect((await pool.take(runtime, spec()))?.extra).to.equal(undefined);
    await pool.close();
  });

  it('tries again later if a sandbox cannot be created', async () => {
    let tries = 0;
    const { pool, runtime, clock, quiet } = poolOf({ sizes: { python: 1 }, creating: () => {
      tries++;
      throw new Error('full');
    } });
    pool.expect(runtime, spec());
    await quiet();
    await pool.take(runtime, spec());
    await quiet();
    expect(tries).to.equal(1);
    await clock.advance(61_000);
    await pool.take(runtime, spec());
    await quiet();
    expect(tries).to.equal(2);
    await pool.close();
  });

  it('waits for the sandbox that is being created when it closes, and leaves none behind', async () => {
    let go = (): void => undefined;
    const { pool, runtime, clock, quiet } = poolOf({ sizes: { python: 1 }, creating: () => new Promise<void>((resolve) => (go = resolve)) });
    pool.expect(runtime, spec());
    await quiet();
    const closing = pool.close();
    go();
    await closing;
    expect([runtime.open.length, clock.pending]).to.deep.equal([0, 0]);
  });
});
