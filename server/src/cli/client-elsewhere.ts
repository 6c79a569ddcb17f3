/** A client of a daemon that runs already and listens, in the place of one in the same process. */
import { within } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { abortable } from '../base/promises.ts';
import { Bridge } from '../bridge/bridge.ts';
import { dial, MAX_MESSAGE_BYTES } from '../bridge/dial.ts';
import { FramedTransport } from '../wire/framed.ts';
import { WebSocketTransport } from '../wire/websocket.ts';
import { converse, type Introduction, type LocalClient } from './client.ts';
import type { DaemonElsewhere } from './connecting.ts';
import type { Surroundings } from './surroundings.ts';
import { wayOf } from './way.ts';

export interface ClientElsewhere extends LocalClient {
  /** Resolves with words for people when the daemon has gone. */
  readonly lost: Promise<string>;
}

/** So long the daemon may take to remove the sandboxes and to say so. It removes them also if nobody waits for that. */
const SHUTDOWN_MS = 5_000;
/** So long the daemon may take to close its side. */
const CLOSE_MS = 2_000;

/** The sandboxes are gone soon after `close` of the client: nobody waits longer for the daemon. @throws CannotConnect, UsageError, ResponseError, or the reason of `signal` */
export async function connectElsewhere(surroundings: Surroundings, at: DaemonElsewhere, params: Introduction, signal: AbortSignal): Promise<ClientElsewhere> {
  const { clock, writeLog } = surroundings;
  const log = createLog('warn', writeLog);
  const line = await dial(...wayOf(surroundings, at), signal);
  const lost = line.closed.then(({ code, reason }) => `the daemon at ${at.url} has ended the connection: ${line.complaint() || reason || `code ${code}`}`);
  // A daemon on another machine sees no folders of this one.
  const { workspaceFolders = [], ...alone } = params;
  const client = await converse(at.sameMachine ? { ...alone, workspaceFolders } : alone, (stream) => {
    const daemon = new WebSocketTransport({ webSocket: line.webSocket, socket: line.carrier, clock, log });
    new Bridge(new FramedTransport(stream, log, MAX_MESSAGE_BYTES)).connect(daemon);
    void line.closed.then(() => stream.dispose());
    return {
      close: async () => {
        daemon.close();
        await within(clock, CLOSE_MS, line.closed);
        line.dispose();
        stream.dispose();
      },
    };
  }, {
    begin: (answer) => abortable(signal, answer),
    end: (answer) => within(clock, SHUTDOWN_MS, answer),
  });
  return { ...client, lost };
}
