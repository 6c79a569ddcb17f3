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
import { type InitializeParams, type InitializeResult, Initialize, Initialized, Shutdown } from '../protocol/index.ts';
import type { Daemon } from './daemon.ts';
import { defaultSizes } from '../policy/sizes.ts';
import type { Surroundings } from './surroundings.ts';

export interface LocalClient {
  readonly connection: MessageConnection;
  readonly server: InitializeResult;
  /** Closes the connection. When this resolves, all its sandboxes are gone. */
  close(): Promise<void>;
}

export async function connectLocally(daemon: Daemon, surroundings: Surroundings, params: Omit<InitializeParams, 'processId'>): Promise<LocalClient> {
  const toDaemon = new PassThrough();
  const toClient = copying();
  const stream = { input: toDaemon, output: toClient, dispose: () => void toClient.end() };
  const { log } = daemon;
  const served = connect(new FramedTransport(stream, log, defaultSizes.messageBytes), daemon.openSole, { log, clock: surroundings.clock, version: surroundings.version });
  const connection = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toDaemon));
  connection.listen();
  const close = async () => {
    await connection.sendRequest(Shutdown.name).catch(() => undefined);
    await served.close();
    connection.dispose();
  };
  try {
    const server = await connection.sendRequest<InitializeResult>(Initialize.name, { processId: null, ...params });
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
