/** A client in the same process as its daemon: the command line speaks the protocol, like an editor. */
import { PassThrough, Transform } from 'node:stream';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { FramedTransport } from '../wire/framed.ts';
import { connect } from '../wire/server.ts';
import type { ByteStream } from '../wire/streams.ts';
import { type InitializeParams, type InitializeResult, Initialize, Initialized, Shutdown } from '../protocol/index.ts';
import type { Daemon } from './daemon.ts';
import { defaultSizes } from '../policy/sizes.ts';
import type { Surroundings } from './surroundings.ts';

export type Introduction = Omit<InitializeParams, 'processId'>;

export interface LocalClient {
  readonly connection: MessageConnection;
  readonly server: InitializeResult;
  /** Closes the connection. When this resolves, all its sandboxes are gone. */
  close(): Promise<void>;
}

export async function connectLocally(daemon: Daemon, surroundings: Surroundings, params: Introduction): Promise<LocalClient> {
  const { log } = daemon;
  return converse(params, (stream) => connect(new FramedTransport(stream, log, defaultSizes.messageBytes), daemon.openSole, { log, clock: surroundings.clock, version: surroundings.version }));
}

/** How long a client waits for a daemon that may not answer any more. A daemon in the same process always answers. */
export interface Patience {
  /** Settles as the answer to `initialize` does, or rejects. */
  begin<T>(answer: Promise<T>): Promise<T>;
  /** Settles when the answer to `shutdown` does, or before. */
  end(answer: Promise<unknown>): Promise<unknown>;
}

const endless: Patience = { begin: (answer) => answer, end: (answer) => answer };

/** `serve` takes the other end of the conversation. Its `close` is awaited at the end, and must resolve also where nobody answers any more. */
export async function converse(params: Introduction, serve: (stream: ByteStream) => { close(): Promise<unknown> }, patience = endless): Promise<LocalClient> {
  const toDaemon = new PassThrough();
  const toClient = copying();
  const served = serve({ input: toDaemon, output: toClient, dispose: () => void toClient.end() });
  const connection = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toDaemon));
  // Whoever waits for an answer then is told that there will be none.
  connection.onClose(() => connection.dispose());
  connection.listen();
  const close = async () => {
    // Who has gone answers nothing.
    await patience.end((async () => connection.sendRequest(Shutdown.name))()).catch(() => undefined);
    await served.close();
    connection.dispose();
  };
  try {
    const server = await patience.begin(connection.sendRequest<InitializeResult>(Initialize.name, { processId: null, ...params }));
    await connection.sendNotification(Initialized.name, {});
    return { connection, server, close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** A transport uses its buffer again after a write has called back, so a stream within the process must copy the bytes. */
function copying(): Transform {
  return new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(chunk)) });
}
