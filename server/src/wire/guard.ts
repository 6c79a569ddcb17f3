/**
 * Stands between the transport and vscode-jsonrpc, which takes every message for a valid one and bounds nothing.
 * What passes it is valid, and bounded in number and size.
 */
import type { MessageReader, MessageStrategy, MessageWriter } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import { Inbound } from './inbound.ts';
import { InFlight } from './in-flight.ts';
import type { MessageTransport } from './message-transport.ts';
import { Outbound } from './outbound.ts';
import { Valve } from './valve.ts';

export interface Guard {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  /** Shows the guard what is taken from the queue of messages. */
  readonly strategy: MessageStrategy;
  /** Requests of the client that have not been answered. */
  readonly inFlight: InFlight;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly valve: Valve;
}

/** `gone` is called when nothing can be written any more. */
export function createGuard(transport: MessageTransport, log: Log, gone: () => void): Guard {
  const inFlight = new InFlight();
  const valve = new Valve(transport);
  const outbound = new Outbound(transport, inFlight, log);
  const inbound = new Inbound({ transport, inFlight, outbound, valve, log, gone });
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

/** Errors and ends are dealt with here: vscode-jsonrpc has nothing to do with them. */
const never = () => ({ dispose: () => undefined });
