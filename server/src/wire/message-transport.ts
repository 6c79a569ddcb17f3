/** The port for transports, which carry whole messages to and from a client. framed.ts implements it over a byte stream. */
import type { DataLink } from './channels/link.ts';

/** What a transport reports while it receives. */
export interface MessageSink {
  /** A message has arrived. `body` is its JSON in UTF-8, and may be valid only during the call. */
  message(body: Buffer): void;
  /** A message was skipped, for example because it is too large. Receiving goes on with the next message. */
  refused(reason: string): void;
  /**
   * Nothing more will arrive: the input ended between two messages, or within a message, or it is `lost` (with the
   * reason), because the start of the next message cannot be found.
   */
  ended(how: 'between' | 'within' | { readonly lost: string }): void;
  /** Bytes have been handed to the operating system, so `unsentBytes` has fallen. */
  sent(): void;
  /** The client has stopped reading for good. Everything that has not been sent is dropped. */
  gone(fault: Error | undefined): void;
}

/** Invariant: messages arrive in `sink.message` and leave by `send` in the order in which they were sent. */
export interface MessageTransport {
  /** The binary messages of the connection, which can be a data channel. Absent: it has none. */
  readonly binary?: DataLink;
  /** Starts receiving. Called once, and synchronously with the creation of the transport, so that nothing is missed. */
  receive(sink: MessageSink): void;
  /** Stops receiving for good. Even messages that have been read already are dropped, and `ended` is not called. Idempotent. */
  stop(): void;
  /** Stops reading until `resume` is called. A few messages that have been read already may still arrive. */
  pause(): void;
  resume(): void;
  /**
   * Sends a message as JSON. Resolves when there is room for the next message; a sender that waits for this applies
   * back-pressure. If the client has gone, the message is dropped, and the promise resolves.
   * @throws if the message cannot be written as JSON
   */
  send(message: object): Promise<void>;
  /** How many bytes wait to be handed to the operating system. 0 if the client has gone. */
  readonly unsentBytes: number;
  /** Resolves when no bytes wait any more, or the client has gone. Never rejects. */
  flushed(): Promise<void>;
  /** Releases the resources of the transport. Messages that were sent before still leave. */
  close(): void;
}

/** A transport that also sends messages which are JSON already, as they are. */
export interface PassingTransport extends MessageTransport {
  /** `body` is a message in UTF-8, whose bytes must not change before they are sent. Resolves as `send` does. */
  pass(body: Buffer): Promise<void>;
}
