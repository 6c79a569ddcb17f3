/** An adapter that speaks on a connection. It connects to a port on which the agent listens in the sandbox, so nothing of it is on this machine's network. */
import type { Duplex } from 'node:stream';
import { type Clock, within } from '../base/clock.ts';
import { deferred, Interruption } from '../base/promises.ts';
import type { Process, Program, Sandbox, Sink } from '../runtime/ports.ts';

export interface ConnectedParts {
  readonly sandbox: Pick<Sandbox, 'listen' | 'start'>;
  readonly clock: Clock;
  /** What is started for this port. */
  program(port: number): Program;
  /** Takes what comes on the connection, as the stdout of an adapter. */
  readonly messages: Sink;
  /** Takes what the program prints. */
  readonly printed: Sink;
  readonly stop?: AbortSignal;
}

export interface Connected {
  /** As the process of an adapter on stdin and stdout: what is written to it goes to the connection. */
  readonly adapter: Process;
  /** The same process, with the streams of the program. */
  readonly program: Process;
}

/** How long the last messages of an adapter that has ended are waited for: something else may hold its end of the connection. */
const LAST_MS = 1_000;

/**
 * The first connection is taken for that of the adapter: whatever else runs in the sandbox has the same rights as it.
 * @throws ProtocolError as `Sandbox.listen` and `Sandbox.start`
 */
export async function startConnected({ sandbox, clock, program, messages, printed, stop }: ConnectedParts): Promise<Connected> {
  const arrived = deferred<Duplex | undefined>();
  const port = await sandbox.listen(0, (connection) => {
    port.close();
    arrived.resolve(connection);
    void arrived.promise.then((first) => first === connection || connection.destroy());
  });
  const child = await sandbox.start(program(port.port), printed, stop).catch((fault: unknown) => {
    port.close();
    throw fault;
  });
  const unheard = new Interruption();
  const heard = arrived.promise.then((connection) => connection && unheard.limit(listen(connection, messages)));
  const exited = child.exited.then(async (exit) => {
    port.close();
    arrived.resolve(undefined);
    await within(clock, LAST_MS, heard);
    (await arrived.promise)?.destroy();
    return exit;
  });
  return {
    program: child,
    adapter: {
      exited,
      signal: (name) => child.signal(name),
      kill: (graceMs) => {
        unheard.happen();
        return child.kill(graceMs);
      },
      write: async (bytes) => write(await arrived.promise, bytes),
      end: () => void arrived.promise.then((connection) => connection?.end()),
      resize: () => Promise.resolve(),
    },
  };
}

/** Resolves at the end of the connection, however that comes. */
async function listen(connection: Duplex, messages: Sink): Promise<void> {
  try {
    for await (const chunk of connection) await messages('stdout', chunk as Buffer);
  } catch {
    // It was broken off, which says no more than its end.
  }
}

/** Resolves when more may be written. What has been broken off takes nothing any more. */
function write(connection: Duplex | undefined, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!connection || connection.destroyed) resolve();
    else connection.write(bytes, () => resolve());
  });
}
