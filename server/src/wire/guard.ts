/**
 * The guard between the transport and vscode-jsonrpc, which assumes that every message is valid and has no limits. The
 * guard passes on only valid messages, and bounds their number and size.
 */
import type { MessageReader, MessageStrategy, MessageWriter } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import type { ProtocolError } from '../protocol/index.ts';
import { Inbound } from './inbound.ts';
import { InFlight } from './in-flight.ts';
import type { MessageTransport } from './message-transport.ts';
import { Outbound } from './outbound.ts';
import { Valve } from './valve.ts';

export interface Guard {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  /** Tells the guard when vscode-jsonrpc takes a message out of its queue. */
  readonly strategy: MessageStrategy;
  /** The client's requests that have not been answered yet. */
  readonly inFlight: InFlight;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly valve: Valve;
}

export interface GuardEvents {
  /** Nothing more can be written to the client. */
  gone(): void;
  /** A message was answered with an error, and is not passed on. */
  refused(error: ProtocolError): void;
}

export function createGuard(transport: MessageTransport, log: Log, events: GuardEvents): Guard {
  const inFlight = new InFlight();
  const valve = new Valve(transport);
  const outbound = new Outbound(transport, inFlight, log);
  const inbound = new Inbound({ transport, inFlight, outbound, valve, log, ...events });
  return {
    reader: {
      onError: never,
      onClose: never,
      onPartialMessage: never,
      listen(callback) {
        inbound.listen(callback);
        return { dispose: () => inbound.stop() };
      },
      dispose: () => inbound.stop(),
    },
    writer: {
      onError: never,
      onClose: never,
      write: (message) => outbound.write(message),
      end: () => undefined,
      dispose: () => undefined,
    },
    strategy: {
      handleMessage(message, next) {
        valve.dispatched(message);
        return next(message);
      },
    },
    inFlight,
    inbound,
    outbound,
    valve,
  };
}

/** The guard itself deals with errors and with the end of the streams, so vscode-jsonrpc never hears of them. */
const never = () => ({ dispose: () => undefined });
