/** A session over a real sandbox, in which an interpreter can be made to wait, and told whether it was used. */
import { createLog } from '../../server/src/base/log.ts';
import { systemClock as clock } from '../../server/src/base/clock.ts';
import { RunningCommands } from '../../server/src/command/commands.ts';
import { type ExecuteContext, executeShell } from '../../server/src/command/execute.ts';
import { runCode } from '../../server/src/command/run-code.ts';
import type { OutputPiece } from '../../server/src/command/output.ts';
import { EventStream } from '../../server/src/events/events.ts';
import { defaultLimits } from '../../server/src/policy/defaults.ts';
import type { Environment, ExecuteShellParams, LanguageId, RunCodeParams } from '../../server/src/protocol/index.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { Session } from '../../server/src/session/session.ts';
import { Turns } from '../../server/src/session/turns.ts';
import type { WarmInterpreter } from '../../server/src/warm/interpreter.ts';
import { firstWish, WarmInterpreters, warmUp, type Wish } from '../../server/src/warm/interpreters.ts';
import { endless } from '../fakes/quota.ts';

export class RealSession {
  readonly session: Session;
  readonly commands = new RunningCommands();
  /** What was sent of the output of commands with an id. */
  sent = '';
  /** Whether the last interpreter that waited has run a program. */
  used = false;
  readonly #log = createLog('error', (line) => {
    throw new Error(`logged: ${line}`);
  });
  readonly #events = new EventStream(this.#log);
  readonly #warm = new WarmInterpreters({ enabled: false, clock, log: this.#log });

  readonly #heard: (piece: OutputPiece) => void;

  /** `heard` is told of each piece of the output of commands with an id. `network`: the variables that its network needs. */
  constructor(sandbox: Sandbox, language: LanguageId, heard: (piece: OutputPiece) => void = () => undefined, network?: Environment) {
    this.#heard = heard;
    this.session = new Session({
      id: 'real', visit: 'visit', label: undefined, language, runtime: 'real', sandbox, limits: { ...defaultLimits, timeoutMs: 60_000 },
      ...(network ? { network: { env: network, view: () => ({ mode: 'full' }), recheck: () => undefined, words: () => '', close: () => undefined } } : {}),
      env: {}, idleTimeoutMs: 0, maxLifetimeMs: 0, clock, log: this.#log, turns: new Turns({ atOnce: Infinity, clock }), events: this.#events,
    });
  }

  /** Makes an interpreter wait for a run like this one; by default for code that is sent as text. */
  async wait(language: LanguageId, wish: Partial<Wish> = {}): Promise<WarmInterpreter> {
    const first = firstWish(language, this.session.env);
    const interpreter = await warmUp(this.session.sandbox, { ...first, ...wish, settings: { ...first.settings, ...wish.settings } }, this.session.environment.settled);
    if (!interpreter) throw new Error(`no ${language} can wait`);
    this.used = false;
    const go = interpreter.go.bind(interpreter);
    interpreter.go = async (...args) => {
      const process = await go(...args);
      this.used = process !== undefined;
      return process;
    };
    this.#warm.adopt(this.session, interpreter);
    return interpreter;
  }

  code(params: Partial<RunCodeParams>, signal = new AbortController().signal) {
    return runCode(this.session, { sessionId: 'real', ...params }, this.#context(signal));
  }

  shell(command: ExecuteShellParams['command'], params: Partial<ExecuteShellParams> = {}, signal = new AbortController().signal) {
    return executeShell(this.session, { sessionId: 'real', command, ...params }, this.#context(signal));
  }

  #context(signal: AbortSignal): ExecuteContext {
    const send = async (piece: OutputPiece) => {
      this.sent += piece.data;
      this.#heard(piece);
    };
    return { clock, events: this.#events, commands: this.commands, signal, warm: this.#warm, begins: () => undefined, aside: () => undefined, maxChunkBytes: 64 * 1024, quota: endless, stream: () => ({ send, close: () => undefined }) };
  }
}
