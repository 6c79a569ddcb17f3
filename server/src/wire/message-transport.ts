/** Whole messages to and from a client, whatever carries them. Frames over a byte stream are one way (framed.ts). */

/** What comes from a transport. */
export interface MessageSink {
  /** One message as UTF-8. The bytes may be a view that is valid only during the call. */
  message(body: Buffer): void;
  /** A message that can't be taken was skipped. What follows it is read. */
  refused(reason: string): void;
  /** Nothing more comes. `how` says whether the input ended between messages, within one, or could not be followed any further. */
  ended(how: 'between' | 'within' | { readonly lost: string }): void;
  /** Bytes have left: `unsentBytes` is lower than it was. */
  sent(): void;
  /** The client takes nothing any more. What is still to be sent is lost. */
  gone(fault: Error | undefined): void;
}

export interface MessageTransport {
  /** Begins to receive. Called once, in the turn in which the transport is handed over. */
  receive(sink: MessageSink): void;
  /** Receives no more, not even the rest of what has been read, and reports no end. Idempotent. */
  stop(): void;
  /** Reads no more for now. */
  pause(): void;
  resume(): void;
  /**
   * Sends a message after those before it. Resolves when there is room for the next one; awaiting it is back-pressure.
   * What can't be sent because the client has gone is dropped.
   * @throws where the message can't be written as JSON
   */
  send(message: object): Promise<void>;
  /** Bytes that were sent and have not left; 0 where the client has gone. */
  readonly unsentBytes: number;
  /** Resolves when everything has left, or can't. */
  flushed(): Promise<void>;
  /** Lets go of whatever carries the messages. What was sent before still leaves. */
  close(): void;
}
