/** The status channel: what the daemon tells by itself, progress, states and log messages, as framed messages of its own. */
import { methods } from '../../protocol/index.ts';
import { lsp } from '../lsp.ts';
import { Outlet, withHeader } from '../outlet.ts';
import type { ByteStream } from '../streams.ts';

const { progress, logTrace, logMessage, showMessage } = lsp;

/** Every notification of the daemon but those that belong to one command, which have their order with its output and its result. */
const told: ReadonlySet<string> = new Set([
  progress, logTrace, logMessage, showMessage,
  ...methods.filter(({ kind, from, subject }) => kind === 'notification' && from === 'server' && subject !== 'command').map(({ name }) => name),
]);

export class StatusChannel {
  readonly #stream: ByteStream;
  readonly #outlet: Outlet;
  #gone = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#outlet = new Outlet(stream.output, { sent: () => undefined, gone: () => (this.#gone = true) }, withHeader);
    // Nothing is expected from the client, but an error event without a listener would end the process, and an end is seen only by reading.
    stream.input.on('error', () => undefined).on('end', () => stream.dispose()).resume();
  }

  /** Whether a notification goes here. If the client has closed the channel, everything goes the usual way. */
  takes(method: string): boolean {
    return !this.#gone && told.has(method);
  }

  /** Resolves when there is room for the next one, or the channel has closed. */
  send(method: string, params: object): Promise<void> {
    return this.#outlet.send({ jsonrpc: '2.0', method, params });
  }

  close(): void {
    this.#stream.dispose();
  }
}
