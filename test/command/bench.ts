/** Commands of one session over a fake sandbox, and a record of the output that is sent to the client. */
import { createLog } from '../../server/src/base/log.ts';
import type { WarmInterpreter } from '../../server/src/warm/interpreter.ts';
import { WarmInterpreters } from '../../server/src/warm/interpreters.ts';
import { RunningCommands } from '../../server/src/command/commands.ts';
import { type ExecuteContext, executeShell } from '../../server/src/command/execute.ts';
import { runCode } from '../../server/src/command/run-code.ts';
import type { OutputPiece } from '../../server/src/command/output.ts';
import type { ExecuteShellParams, Limits, RunCodeParams } from '../../server/src/protocol/index.ts';
import { defaultLimits } from '../../server/src/policy/defaults.ts';
import type { Session } from '../../server/src/session/session.ts';
import type { FakeProcess } from '../fakes/process.ts';
import { endless } from '../fakes/quota.ts';
import type { FakeOptions } from '../fakes/runtime.ts';
import { SessionBench } from '../session/bench.ts';

export interface CommandOptions extends Partial<FakeOptions> {
  readonly limits?: Partial<Limits>;
  readonly env?: Record<string, string>;
}

export class CommandBench {
  readonly sessions: SessionBench;
  readonly session: Session;
  readonly commands = new RunningCommands();
  /** The output that was sent, by the command's id. */
  readonly sent: (OutputPiece & { readonly commandId: string })[] = [];
  /** The output that was sent after the result. */
  readonly late: OutputPiece[] = [];
  readonly closed: string[] = [];
  /** The client takes no output until this resolves. */
  taking: Promise<void> = Promise.resolve();
  /** What a command that prints much waits for. */
  aside: () => Promise<void> | undefined = () => undefined;
  readonly controller = new AbortController();
  readonly #warm: WarmInterpreters;

  private constructor(sessions: SessionBench, session: Session) {
    this.sessions = sessions;
    this.session = session;
    this.#warm = new WarmInterpreters({ enabled: false, clock: sessions.clock, log: createLog('error', () => undefined) });
  }

  /** The next run finds this interpreter waiting, and it suits. */
  wait(go: WarmInterpreter['go']): void {
    this.#warm.adopt(this.session, { expected: {}, scratch: '/tmp/waited', suits: () => true, go } as unknown as WarmInterpreter);
  }

  static async create({ limits, env = {}, ...options }: CommandOptions = {}): Promise<CommandBench> {
    const sessions = new SessionBench(options);
    const wish = { limits: { ...defaultLimits, ...limits }, env, idleTimeoutMs: 0, maxLifetimeMs: 0 };
    return new CommandBench(sessions, await sessions.create(wish));
  }

  get clock() {
    return this.sessions.clock;
  }

  get sandbox() {
    return this.sessions.sandbox;
  }

  /** The last program that was started. */
  get process(): FakeProcess {
    return this.sandbox.processes.at(-1) as FakeProcess;
  }

  shell(command: ExecuteShellParams['command'], params: Partial<ExecuteShellParams> = {}, signal = this.controller.signal) {
    return this.#watch(executeShell(this.session, { sessionId: this.session.id, command, ...params }, this.#context(signal)));
  }

  code(params: Partial<RunCodeParams>, signal = this.controller.signal) {
    return this.#watch(runCode(this.session, { sessionId: this.session.id, ...params }, this.#context(signal)));
  }

  /** Waits until everything has happened that needs no time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  /** Returns the promise, which may reject before the test waits for it. */
  #watch<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return work;
  }

  #context(signal: AbortSignal): ExecuteContext {
    return {
      clock: this.clock,
      events: this.sessions.events,
      commands: this.commands,
      signal,
      warm: this.#warm,
      begins: () => undefined,
      aside: () => this.aside(),
      maxChunkBytes: 64 * 1024,
      quota: endless,
      stream: (commandId) => {
        let open = true;
        return {
          send: (piece) => {
            if (open) this.sent.push({ commandId, ...piece });
            else this.late.push(piece);
            return this.taking;
          },
          close: () => {
            open = false;
            this.closed.push(commandId);
          },
        };
      },
    };
  }
}
