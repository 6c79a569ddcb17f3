/** `codebeaker connect URL`: is to an editor what `codebeaker --stdio` is, and has a daemon elsewhere do the work. */
import { sleep, within } from '../base/clock.ts';
import { createLog, type Log } from '../base/log.ts';
import { Bridge } from '../bridge/bridge.ts';
import { dial, type Line, MAX_MESSAGE_BYTES } from '../bridge/dial.ts';
import { Elsewhere } from '../bridge/elsewhere.ts';
import { CannotConnect } from '../bridge/fault.ts';
import { FramedTransport } from '../wire/framed.ts';
import { takeStdout } from '../wire/stdout.ts';
import { stdioStream } from '../wire/streams.ts';
import { WebSocketTransport } from '../wire/websocket.ts';
import type { ConnectArguments } from './connecting.ts';
import { codeOf, Exit } from './exit-codes.ts';
import type { EndSignal } from './interrupts.ts';
import { UsageError } from './quantities.ts';
import type { Surroundings } from './surroundings.ts';
import { wayOf } from './way.ts';

/** So long a client may take to send its first message and to read that there is no daemon. */
const REFUSAL_MS = 2_000;
/** So long the daemon may take to close its side. */
const CLOSE_MS = 2_000;
/** The daemon closes with it when a message was too long (RFC 6455). */
const TOO_LONG = 1009;

/** A client hears of whatever keeps it from a daemon as the answer to its first message, and people on stderr. */
export async function connect(surroundings: Surroundings, args: ConnectArguments, process: NodeJS.Process, stderr: () => NodeJS.WriteStream): Promise<number> {
  const { clock, writeLog } = surroundings;
  const log = createLog('warn', writeLog);
  const client = new FramedTransport(stdioStream(process.stdin, takeStdout(process.stdout, stderr)), log, MAX_MESSAGE_BYTES);
  const bridge = new Bridge(client);
  const leaving = new AbortController();
  let line: Line | undefined;
  const leave = (code: number): never => {
    leaving.abort();
    line?.dispose();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies EndSignal[]) process.on(signal, () => leave(codeOf(signal)));
  try {
    line = await dial(...wayOf(surroundings, args), leaving.signal);
  } catch (fault) {
    if (!(fault instanceof CannotConnect || fault instanceof UsageError)) throw fault;
    writeLog(`codebeaker: ${fault.message}`);
    await bridge.refuse(fault instanceof CannotConnect ? fault : new CannotConnect('settings', fault.message), sleep(clock, REFUSAL_MS));
    return leave(fault instanceof CannotConnect ? Exit.unreachable : Exit.usage);
  }
  return leave(await pass(bridge, client, line, { surroundings, args, log }));
}

interface PassParts {
  readonly surroundings: Surroundings;
  readonly args: ConnectArguments;
  readonly log: Log;
}

/** Resolves with the exit code, when one of both sides has ended. */
async function pass(bridge: Bridge, client: FramedTransport, line: Line, { surroundings, args: { url, sameMachine }, log }: PassParts): Promise<number> {
  const { clock, writeLog } = surroundings;
  const before = line.complaint();
  const daemon = new WebSocketTransport({ webSocket: line.webSocket, socket: line.carrier, clock, log });
  // Many conversations need no folder.
  const far = async () => (await import('./far-folder.ts')).farFolders(surroundings);
  const elsewhere = sameMachine ? undefined : new Elsewhere({
    url,
    folders: { check: async (...asked) => (await far()).check(...asked), send: async (...asked) => (await far()).send(...asked) },
    toClient: (message) => client.send(message),
    toDaemon: (message) => daemon.send(message),
  });
  bridge.connect(daemon, elsewhere);
  if ((await bridge.ended) === 'client') {
    daemon.close();
    await within(clock, CLOSE_MS, line.closed);
    await within(clock, CLOSE_MS, client.flushed());
    return 0;
  }
  const { code, reason } = await line.closed;
  await within(clock, CLOSE_MS, client.flushed());
  const complaint = line.complaint();
  const why = complaint !== before ? `ssh: ${complaint}` : code === TOO_LONG ? 'a message was longer than it takes (sizes.messageBytes of its configuration)' : reason || `code ${code}`;
  writeLog(`codebeaker: the daemon at ${url} has ended the connection: ${why}`);
  return Exit.unreachable;
}
