/** Clients that the front door itself has: it speaks the protocol for those who send plain HTTP requests. */
import { Initialize, Initialized } from '../protocol/index.ts';
import { type Hear, LocalClient } from '../wire/local.ts';
import type { MessageTransport } from '../wire/message-transport.ts';

/** A client that is served until it goes or is sent away. */
export interface Served {
  readonly done: Promise<unknown>;
  close(): Promise<unknown>;
}

/** Serves the client at the other end of a transport. */
export type Connect = (transport: MessageTransport) => Served;

export interface Visitor {
  readonly client: LocalClient;
  readonly served: Served;
}

/** Connects a client and says who it is. What it then sends is served. */
export function visit(connect: Connect, name: string, hear?: Hear): Visitor {
  const client = new LocalClient(hear);
  const served = connect(client.transport);
  void client.request(Initialize.name, { processId: null, clientInfo: { name }, capabilities: {} });
  client.notify(Initialized.name, {});
  return { client, served };
}
