/** A step of the gate: it remembers how programs ran, for estimates. */
import type { Clock } from '../../base/clock.ts';
import { nextLoopIteration } from '../../base/promises.ts';
import { resolveEntry } from '../../command/paths.ts';
import { RunCode, type RunCodeParams, type RunCodeResult } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Runs } from '../../usage/runs.ts';
import type { Step } from './gate.ts';

export interface LearnParts {
  readonly runs: Pick<Runs, 'add'>;
  readonly clock: Clock;
  /** The sessions that are open. */
  find(id: string): Session | undefined;
  /** Gets the programs that were read, by the params of the calls that ran them. */
  readonly programs: WeakMap<object, Buffer>;
}

/** A program that is longer is not remembered. */
const MAX_PROGRAM_BYTES = 256 * 1024;
/** The file that was run is read at most this often in a session. */
const READ_EVERY_MS = 1_000;

export function learn({ runs, clock, find, programs }: LearnParts): Step {
  const readAt = new WeakMap<Session, number>();

  /** The program as it is now: it may have changed since it was run, which makes an estimate worse and nothing else. */
  const programOf = async ({ code, path = '' }: RunCodeParams, session: Session): Promise<Buffer | undefined> => {
    if (code !== undefined) return code.length > MAX_PROGRAM_BYTES ? undefined : Buffer.from(code);
    const now = clock.monotonic();
    if (now - (readAt.get(session) ?? -Infinity) < READ_EVERY_MS) return undefined;
    readAt.set(session, now);
    const { bytes, size } = await session.sandbox.files.read(resolveEntry(path), 0, MAX_PROGRAM_BYTES);
    return size > MAX_PROGRAM_BYTES ? undefined : bytes;
  };

  const remember = async (session: Session, params: RunCodeParams, { outcome, usage, language, phases }: RunCodeResult): Promise<void> => {
    if (outcome !== 'exited' || !usage) return;
    // A program that can't be read is not remembered.
    const program = await programOf(params, session).catch(() => undefined);
    if (!program) return;
    programs.set(params, program);
    runs.add(language, program, { ...usage, runtime: session.identity.runtime, durationMs: phases.reduce((sum, { durationMs }) => sum + durationMs, 0) });
  };

  return (call, next) => {
    if (call.method.name !== RunCode.name) return next();
    const params = call.params as RunCodeParams;
    // When it has ended, its session may be another connection's.
    const session = find(params.sessionId);
    return next().then((result) => {
      // The answer is sent first.
      void nextLoopIteration().then(() => session?.afterwards.run(() => remember(session, params, result as RunCodeResult)));
      return result;
    });
  };
}
