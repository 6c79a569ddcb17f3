/** vscode-jsonrpc, told to read and write through the guard. */
import { createMessageConnection, type MessageConnection, RAL } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import type { Guard } from './guard.ts';

export function createRpc(guard: Guard, log: Log): MessageConnection {
  provideHost();
  // What it calls an error is a handler or a write that failed: both are logged where they happen.
  const note = (message: string) => log.debug(message);
  const logger = { error: note, warn: note, info: note, log: note };
  return createMessageConnection(guard.reader, guard.writer, logger, { messageStrategy: guard.strategy });
}

/**
 * `vscode-jsonrpc/node` would do this too, and load what its own streams and processes need besides: half of the
 * time the library takes to start. A host that is there already stays.
 */
function provideHost(): void {
  try {
    RAL();
  } catch {
    RAL.install(host);
  }
}

/** Readers and writers are ours, so timers are all it asks for. */
const host: Parameters<typeof RAL.install>[0] = {
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
  throw new Error('the connection reads and writes its own messages');
}

function ignore(): void {
  return undefined;
}
