/** The debuggers that run for one connection, by the ids under which the client knows them. */
import type { DebugMessageParams } from '../protocol/index.ts';
import type { Exchange } from './exchange.ts';

export class Debuggers {
  readonly #byId = new Map<string, Exchange>();

  /** The id belongs to a running command, so no other debugger has it. */
  open(debugId: string, exchange: Exchange): () => void {
    this.#byId.set(debugId, exchange);
    return () => void (this.#byId.get(debugId) === exchange && this.#byId.delete(debugId));
  }

  /** Whether one that has this id has not been told to have ended. */
  has(debugId: string | undefined): boolean {
    return debugId !== undefined && this.#byId.has(debugId);
  }

  /** Hands a message on. One for a debugger that has ended is ignored. */
  message({ debugId, message }: DebugMessageParams): void {
    this.#byId.get(debugId)?.fromClient(message);
  }
}
