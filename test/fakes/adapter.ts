/** Fake debug adapters: a program that speaks the Debug Adapter Protocol as a test says, and the one that looks for debugpy. */
import { deferred } from '../../server/src/base/promises.ts';
import type { Exit, Program, Sink } from '../../server/src/runtime/ports.ts';
import { frame, type Json } from '../wire/wire.ts';
import type { OtherProcess } from './runtime.ts';

/** Gets each message of the daemon. */
export type Behaviour = (adapter: FakeAdapter, message: Json) => void;

/** What a well-behaved adapter does with requests that need nothing more. */
export const obedient: Behaviour = (adapter, message) => {
  if (message.type !== 'request') return;
  adapter.answer(message, message.command === 'initialize' ? { supportsConfigurationDoneRequest: true, supportsSetVariable: true, supportsStepBack: true } : {});
  if (message.command === 'launch') void adapter.event('initialized');
  if (message.command === 'disconnect') void adapter.event('terminated');
};

export class FakeAdapter implements OtherProcess {
  readonly program: Program;
  /** Everything that the daemon has sent to it. */
  readonly heard: Json[] = [];
  readonly kills: number[] = [];
  /** Whether the daemon has said that it needs it, which it does where the adapter might have waited. */
  woken: boolean;
  /** Whether it ends when its stdin ends. */
  endsWithInput = true;
  inputEnded = false;
  readonly #sink: Sink;
  readonly #behave: Behaviour;
  readonly #exited = deferred<Exit>();
  #buffer = Buffer.alloc(0);
  #seq = 0;

  constructor(program: Program, sink: Sink, behave: Behaviour) {
    this.program = program;
    this.#sink = sink;
    this.#behave = behave;
    this.woken = program.command.includes('-m');
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  answer({ seq, command }: Json, body: Json = {}, more: object = {}): void {
    void this.send({ type: 'response', request_seq: seq, success: true, command, body, ...more });
  }

  /** Resolves when the daemon has taken it. */
  async event(event: string, body: Json = {}): Promise<void> {
    await this.send({ type: 'event', event, body });
  }

  /** Resolves when the daemon has taken it. */
  send(message: object): void | Promise<void> {
    return this.raw(frame({ seq: ++this.#seq, ...message }));
  }

  raw(bytes: Buffer | string): void | Promise<void> {
    return this.#sink('stdout', Buffer.from(bytes));
  }

  exit(exit: Exit = { kind: 'exited', code: 0 }): void {
    this.#exited.resolve(exit);
  }

  async signal(): Promise<boolean> {
    return true;
  }

  async kill(graceMs = 0): Promise<void> {
    this.kills.push(graceMs);
    this.exit({ kind: 'signaled', signal: 'SIGKILL' });
  }

  async write(bytes: Buffer): Promise<void> {
    if (!this.woken) {
      if (bytes.toString() !== '\n') throw new Error('the adapter was not woken first');
      this.woken = true;
      return;
    }
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const match = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1', 0, 64));
      const end = match ? match[0].length + Number(match[1]) : Infinity;
      if (!match || this.#buffer.length < end) return;
      const message = JSON.parse(this.#buffer.toString('utf8', match[0].length, end));
      this.#buffer = this.#buffer.subarray(end);
      this.heard.push(message);
      this.#behave(this, message);
    }
  }

  end(): void {
    this.inputEnded = true;
    if (this.endsWithInput) this.exit();
  }

  async resize(): Promise<void> {
    // It has no terminal.
  }

  gone(how: 'closed' | 'lost'): void {
    this.exit(how === 'lost' ? { kind: 'lost', reason: 'the sandbox was destroyed' } : { kind: 'signaled', signal: 'SIGKILL' });
  }
}

/** A program that prints a text and exits. */
function printing(text: string, code: number, sink: Sink): OtherProcess {
  const nothing = () => Promise.resolve();
  const printed = Promise.resolve(sink('stdout', Buffer.from(text)));
  return { exited: printed.then(() => ({ kind: 'exited', code }) as const), signal: async () => false, kill: nothing, write: nothing, end: () => undefined, resize: nothing, gone: () => undefined };
}

export interface FakeDebugpy {
  /** Every adapter that was started. */
  readonly adapters: FakeAdapter[];
  readonly running: (program: Program, sink: Sink) => OtherProcess | undefined;
}

/** A Python with a debugpy that behaves so. `missing`: it has none. */
export function fakeDebugpy(behave: Behaviour = obedient, { missing = false } = {}): FakeDebugpy {
  const adapters: FakeAdapter[] = [];
  const running: FakeDebugpy['running'] = (program, sink) => {
    const words = typeof program.command === 'string' ? [] : program.command;
    if (words.some((word) => word.endsWith('/prepare.py'))) return missing ? printing('', 1, sink) : printing('debugpy 1.8.0\n', 0, sink);
    if (words[0] === 'head') return printing('the text\n', 0, sink);
    if (!words.includes('debugpy.adapter')) return undefined;
    const adapter = new FakeAdapter(program, sink, behave);
    adapters.push(adapter);
    return adapter;
  };
  return { adapters, running };
}
