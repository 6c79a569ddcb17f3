/** Creates the connection of vscode-jsonrpc, which reads and writes through the guard. */
import { createMessageConnection, type MessageConnection, RAL } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import type { Guard } from './guard.ts';

export function createRpc(guard: Guard, log: Log): MessageConnection {
  installRal();
  // The errors that it reports are failures of handlers and of writes, and both have been logged where they happened.
  const note = (message: string) => log.debug(message);
  const logger = { error: note, warn: note, info: note, log: note };
  return createMessageConnection(guard.reader, guard.writer, logger, { messageStrategy: guard.strategy });
}

/**
 * `vscode-jsonrpc` needs a runtime abstraction layer (RAL). The one of `vscode-jsonrpc/node` also loads what its own
 * streams and processes need, and that takes half of the library's start. If a RAL has been installed already, it stays.
 */
function installRal(): void {
  try {
    RAL();
  } catch {
    RAL.install(ral);
  }
}

/** The guard provides the reader and the writer, so vscode-jsonrpc uses only the timers. */
const ral: Parameters<typeof RAL.install>[0] = {
  crypto: { randomUUID: () => crypto.randomUUID() },
  applicationJson: {
    encoder: { name: 'application/json', encode: absent },
    decoder: { name: 'application/json', decode: absent },
  },
  messageBuffer: { create: absent },
  console: { info: ignore, log: ignore, warn: ignore, error: ignore },
  timer: {
    setTimeout(callback, ms, ...args) {
      const timer = setTimeout(callback, ms, ...(args as unknown[]));
      return { dispose: () => clearTimeout(timer) };
    },
    setImmediate(callback, ...args) {
      const immediate = setImmediate(callback, ...(args as unknown[]));
      return { dispose: () => clearImmediate(immediate) };
    },
    setInterval(callback, ms, ...args) {
      const timer = setInterval(callback, ms, ...(args as unknown[]));
      return { dispose: () => clearInterval(timer) };
    },
  },
};

function absent(): never {
  throw new Error('invariant: the guard reads and writes the messages, and not vscode-jsonrpc');
}

function ignore(): void {
  return undefined;
}
