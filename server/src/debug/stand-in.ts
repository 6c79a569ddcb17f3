/** Plays the part of an adapter that is not there, because its program could not be built. */
import { deferred } from '../base/promises.ts';
import type { Exit, Process, Sink } from '../runtime/ports.ts';
import { DapReader, framed } from './codec.ts';
import { type DapMessage, type DapRequest, ENDS, errorOf } from './dap.ts';

export class StandIn implements Process {
  readonly #exit = deferred<Exit>();
  readonly #reader = new DapReader();
  readonly #sink: Sink;
  readonly #why: string;
  readonly #said: string;
  readonly #last: Exit;
  #seq = 0;

  /** `why` the program is not there; `said`: what is printed when the client asks for it; `exit`: how it ends, when the client has left. */
  constructor({ sink, why, said = '', exit }: { sink: Sink; why: string; said?: string; exit: Exit }) {
    this.#sink = sink;
    this.#why = why;
    this.#said = said;
    this.#last = exit;
  }

  get exited(): Promise<Exit> {
    return this.#exit.promise;
  }

  async write(bytes: Buffer): Promise<void> {
    for (const message of this.#reader.push(bytes)) if (message.type === 'request') await this.#answer(message);
  }

  async #answer({ command, seq }: DapRequest): Promise<void> {
    // What needs no program.
    const success = command === 'initialize' || ENDS.has(command);
    const launch = command === 'launch';
    // It was counted when it was printed, so it comes as what is said by the debugger.
    if (launch && this.#said !== '') await this.#say({ seq: 0, type: 'event', event: 'output', body: { category: 'console', output: this.#said } });
    const fault = { message: this.#why, body: errorOf(this.#why, launch) };
    await this.#say({ seq: 0, type: 'response', request_seq: seq, command, success, ...(success ? {} : fault) });
    if (launch) await this.#say({ seq: 0, type: 'event', event: 'terminated' });
  }

  async #say(message: DapMessage): Promise<void> {
    await this.#sink('stdout', framed({ ...message, seq: ++this.#seq }));
  }

  end(): void {
    this.#exit.resolve(this.#last);
  }

  async kill(): Promise<void> {
    this.#exit.resolve(this.#last);
  }

  /** There is nothing that could get one. */
  async signal(): Promise<boolean> {
    return false;
  }

  async resize(): Promise<void> {
    // It has no terminal.
  }
}
