/** The executions that run now, by the id the client gave or got. */
import { invalidParam, ProtocolError } from '../protocol/index.ts';
import type { Execution } from './execution.ts';

export class RunningCommands {
  readonly #byId = new Map<string, Execution>();
  #next = 1;

  /** @throws ProtocolError InvalidParams where the id is in use */
  reserve(asked: string | undefined): string {
    if (asked === undefined) return this.#unused();
    if (!this.#byId.has(asked)) return asked;
    throw invalidParam('commandId', 'is in use by a command that still runs');
  }

  /** A client may have named one of its own like ours. */
  #unused(): string {
    let id: string;
    do id = `command-${this.#next++}`;
    while (this.#byId.has(id));
    return id;
  }

  add(execution: Execution): void {
    this.#byId.set(execution.commandId, execution);
    void execution.done.then(() => this.#byId.delete(execution.commandId));
  }

  find(commandId: string): Execution | undefined {
    return this.#byId.get(commandId);
  }

  /** @throws ProtocolError CommandNotFound */
  get(commandId: string): Execution {
    const execution = this.#byId.get(commandId);
    if (execution) return execution;
    throw new ProtocolError('CommandNotFound', `no command ${commandId.slice(0, 100)} runs now; it may have ended`, {
      commandId: commandId.slice(0, 100),
    });
  }
}
