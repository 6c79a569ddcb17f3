/** Whatever happens to a session, in whatever order, it closes once, for one reason, and leaves nothing behind (F-C9). */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Deferred, deferred } from '../../server/src/base/promises.ts';
import type { CloseReason } from '../../server/src/protocol/index.ts';
import type { Session } from '../../server/src/session/session.ts';
import { IDLE_MS, lasting, LIFETIME_MS, SessionBench } from './bench.ts';

const property = { seed: 20_260_119, numRuns: 400 };

/** The model: the state that the session should have. Times are in milliseconds since the creation of the session. */
interface Model {
  now: number;
  /** The time since which nothing has run in it. */
  idleSince: number;
  commands: { readonly kind: 'file' | 'execution'; settled: boolean }[];
  ended: CloseReason | undefined;
}

/** The commands behind a file command wait until it has ended. */
function active({ commands }: Model): number {
  const behind = commands.findIndex(({ kind, settled }) => kind === 'file' && !settled);
  return commands.filter(({ settled }, at) => !settled || (behind >= 0 && at > behind)).length;
}

class Real {
  readonly bench: SessionBench;
  readonly session: Session;
  readonly commands: ReturnType<typeof lasting>[] = [];
  /** If it is defined, closing a sandbox waits until it settles. */
  closing: Deferred<void> | undefined;

  private constructor(bench: SessionBench, session: Session) {
    this.bench = bench;
    this.session = session;
  }

  static async create(): Promise<Real> {
    const bench: SessionBench = new SessionBench({ closing: () => real.closing?.promise });
    const real: Real = new Real(bench, await bench.create());
    return real;
  }
}

type Step = fc.AsyncCommand<Model, Real>;

function step(name: string, change: (model: Model) => void, act: (real: Real) => unknown, check: (model: Readonly<Model>) => boolean = () => true): Step {
  return {
    check,
    async run(model, real) {
      change(model);
      await act(real);
      await real.bench.settle();
      expectAgreement(model, real);
    },
    toString: () => name,
  };
}

function expectAgreement(model: Model, { session }: Real): void {
  expect(session.reason).to.equal(model.ended);
  if (model.ended) {
    expect(['closing', 'closed']).to.include(session.state);
    return;
  }
  const busy = active(model) > 0;
  expect(session.state).to.equal(busy ? 'busy' : 'ready');
  const expires = Math.min((busy ? model.now : model.idleSince) + IDLE_MS, LIFETIME_MS);
  expect(Date.parse(session.view().expiresAt) - Date.parse(session.view().createdAt)).to.equal(expires);
}

const end = (reason: CloseReason) => (model: Model) => void (model.ended ??= reason);

const begin = (kind: 'file' | 'execution') =>
  step(`begin ${kind}`, (model) => void (model.ended || model.commands.push({ kind, settled: false })), (real) => void real.commands.push(lasting(real.session, kind)));

const settle = (at: number, how: 'end' | 'fail') =>
  step(
    `${how} command ${at}`,
    (model) => {
      const before = active(model);
      const command = model.commands[at];
      if (command) command.settled = true;
      if (before > 0 && active(model) === 0) model.idleSince = model.now;
    },
    (real) => real.commands[at]?.[how](),
    (model) => model.commands[at] !== undefined,
  );

const advance = (ms: number) =>
  step(
    `advance ${ms}`,
    (model) => {
      const until = model.now + ms;
      const idleAt = active(model) > 0 ? Infinity : model.idleSince + IDLE_MS;
      if (Math.min(idleAt, LIFETIME_MS) <= until) end(idleAt < LIFETIME_MS ? 'idle' : 'lifetime')(model);
      model.now = until;
    },
    (real) => real.bench.clock.advance(ms),
  );

const ends = [
  step('close', end('client'), ({ session }) => void session.close('client').catch(() => undefined)),
  step('close twice', end('client'), ({ session }) => {
    const [first, second] = [session.close('client'), session.close('shutdown')];
    expect(first).to.equal(second);
    first.catch(() => undefined);
  }),
  step('lose the sandbox', end('sandboxLost'), ({ bench }) => bench.sandbox.destroy()),
  step('shut down', end('shutdown'), ({ bench }) => void bench.manager.close().catch(() => undefined)),
];

const slowEnds = [
  step('hold closing', () => undefined, (real) => void (real.closing ??= deferred())),
  step('let it close', () => undefined, (real) => real.closing?.resolve()),
  step('let closing fail', () => undefined, (real) => real.closing?.reject(new Error('it hangs'))),
];

const begins = fc.constantFrom(begin('file'), begin('execution'));
const settles = fc.tuple(fc.nat(3), fc.constantFrom('end' as const, 'fail' as const)).map(([at, how]) => settle(at, how));
const waits = fc.constantFrom(...[1, 300, IDLE_MS - 1, IDLE_MS, 4000].map(advance));

/** Steps that close the session are rarer than the others. */
const steps = [begins, begins, settles, settles, settles, waits, waits, fc.constantFrom(...ends), fc.constantFrom(...slowEnds)];

/** Ends everything that still runs, and checks that nothing is left. */
async function expectEnd({ bench, session, commands, closing }: Real): Promise<void> {
  const { reason } = session;
  void session.close('client').catch(() => undefined);
  closing?.resolve();
  await bench.clock.advance(3000);
  expect(session.state).to.equal('closed');
  expect(session.reason).to.equal(reason ?? 'client');
  expect(bench.sandbox.closes, 'sandbox closed').to.equal(1);
  expect(bench.clock.pending, 'timers').to.equal(0);
  expect(bench.manager.list()).to.deep.equal([]);
  for (const { result } of commands) await result.catch((fault: unknown) => fault);
  expect(bench.manager.find(session.id)).to.equal(undefined);
  expect(bench.statesOf(session).join(', ')).to.match(/^ready(?:, busy, ready)*(?:, busy)?, closing (\w+), closed \1$/);
}

describe('a session, whatever happens', () => {
  it('closes once, for one reason, and leaves nothing behind (F-C9)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 30, size: 'max' }), async (commands) => {
        const real = await Real.create();
        const model: Model = { now: 0, idleSince: 0, commands: [], ended: undefined };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await expectEnd(real);
      }),
      property,
    );
  });
});
