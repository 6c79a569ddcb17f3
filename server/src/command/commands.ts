/** The commands that are running now, by the ids under which the client knows them. */
import { invalidParam, ProtocolError } from '../protocol/index.ts';
import type { RunningCommand } from './running-command.ts';

export class RunningCommands {
  readonly #byId = new Map<string, RunningCommand>();
  #next = 1;

  /**
   * Returns the id that the client asked for, or chooses one.
   * @throws ProtocolError InvalidParams if a running command has the id
   */
  reserve(asked: string | undefined): string {
    if (asked === undefined) return this.#unused();
    if (!this.#byId.has(asked)) return asked;
    throw invalidParam('commandId', 'this id belongs to a command that is still running; choose another');
  }

  /** An id that no running command has. The client may itself have chosen an id of this form. */
  #unused(): string {
    let id: string;
    do id = `command-${this.#next++}`;
    while (this.#byId.has(id));
    return id;
  }

  /** Adds a command, until it is done. */
  add(command: RunningCommand): void {
    this.adopt(command);
    void command.done.then(() => this.remove(command));
  }

  /** Adds a command that was added elsewhere, until it is removed. */
  adopt(command: RunningCommand): void {
    this.#byId.set(command.commandId, command);
  }

  /** It is no longer known here. */
  remove(command: RunningCommand): void {
    if (this.#byId.get(command.commandId) === command) this.#byId.delete(command.commandId);
  }

  get count(): number {
    return this.#byId.size;
  }

  find(commandId: string): RunningCommand | undefined {
    return this.#byId.get(commandId);
  }

  /** @throws ProtocolError CommandNotFound */
  get(commandId: string): RunningCommand {
    const command = this.#byId.get(commandId);
    if (command) return command;
    throw commandNotFound(commandId);
  }
}

export function commandNotFound(commandId: string): ProtocolError {
  const shown = commandId.slice(0, 100);
  return new ProtocolError('CommandNotFound', `no command with the id ${shown} is running; it may have ended`, { commandId: shown });
}
