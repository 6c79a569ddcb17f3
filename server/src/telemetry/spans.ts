/** What is told of the way of a request through the daemon, for whoever collects traces. */

/** Something that took time. Times are in milliseconds since the epoch. */
export interface SpanRecord {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  /** Why it failed. */
  readonly error?: string | undefined;
  /** What it consisted of. */
  readonly parts: readonly SpanRecord[];
}

export interface Tracer {
  /** Takes a request with everything below it. `traceparent`: what the client sent as such, in the form of W3C's Trace Context; anything else is ignored. Never throws. */
  record(request: SpanRecord, traceparent: string | undefined): void;
  /** Resolves when what was recorded is sent, or can't be. Never rejects. */
  close(): Promise<void>;
}
