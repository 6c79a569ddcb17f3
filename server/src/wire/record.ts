/** Records conversations: every message in both directions, with its time, and without what the method table calls secret. */
import { type Method, methods, resultSecrets } from '../protocol/index.ts';
import type { Clock } from '../base/clock.ts';
import { forwarding } from '../base/forward.ts';
import type { MessageTransport } from './message-transport.ts';

/** The version of the format. */
export const RECORD_VERSION = 1;

/** The first line of a record. */
export interface RecordHead {
  readonly v: number;
  readonly recorded: 'codebeaker';
  readonly version: string;
  /** In ISO 8601. `at` of the messages counts from then. */
  readonly startedAt: string;
}

/** Every further line. */
export interface RecordedMessage {
  /** In milliseconds. */
  readonly at: number;
  /** The number of the connection. Absent: the daemon has one client only. */
  readonly client?: number;
  readonly from: 'client' | 'server';
  /** Absent: it was no JSON. */
  readonly message?: Readonly<Record<string, unknown>>;
  /** The size of a message that was no JSON. */
  readonly bytes?: number;
  /** Why a message was skipped. */
  readonly skipped?: string;
}

export interface Recording {
  readonly version: string;
  readonly clock: Clock;
  /** Takes one line at a time, without a newline at its end. Never throws. */
  write(line: string): void;
}

const rows: ReadonlyMap<string, Method> = new Map(methods.map((method) => [method.name, method]));

/** The record of the conversations of one daemon. */
export class Recorder {
  readonly #begin: number;
  readonly #recording: Recording;

  /** Writes the first line. */
  constructor(recording: Recording) {
    const { clock, version, write } = recording;
    this.#recording = recording;
    this.#begin = clock.monotonic();
    write(JSON.stringify({ v: RECORD_VERSION, recorded: 'codebeaker', version, startedAt: new Date(clock.now()).toISOString() } satisfies RecordHead));
  }

  /** A transport that does what `transport` does, and records it. `client`: the number of the connection, where there may be several. */
  transport(transport: MessageTransport, client?: number): MessageTransport {
    const record = (line: Omit<RecordedMessage, 'at' | 'client'>) => this.#write(client === undefined ? line : { client, ...line });
    return forwarding<MessageTransport>(() => transport, {
      receive: (sink) => transport.receive({
        message(body) {
          record({ from: 'client', ...read(body) });
          sink.message(body);
        },
        refused(reason) {
          record({ from: 'client', skipped: reason });
          sink.refused(reason);
        },
        ended: (how) => sink.ended(how),
        sent: () => sink.sent(),
        gone: (fault) => sink.gone(fault),
      }),
      send(message) {
        record({ from: 'server', message: withoutSecrets(message as Record<string, unknown>) });
        return transport.send(message);
      },
    });
  }

  #write(line: Omit<RecordedMessage, 'at'>): void {
    const { clock, write } = this.#recording;
    const at = Math.round((clock.monotonic() - this.#begin) * 1000) / 1000;
    write(JSON.stringify({ at, ...line } satisfies RecordedMessage));
  }
}

function read(body: Buffer): Pick<RecordedMessage, 'message' | 'bytes'> {
  try {
    const message: unknown = JSON.parse(body.toString());
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) return { message: withoutSecrets(message as Record<string, unknown>) };
  } catch {
    // It is told as what it is: so many bytes.
  }
  return { bytes: body.length };
}

/** The params of an unknown method are hidden as a whole, because it is not known which of them are secret. */
function withoutSecrets(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { method, params, result } = message;
  if (result !== undefined) return { ...message, result: without(result, resultSecrets) };
  if (typeof method !== 'string' || params === undefined) return { ...message };
  const secrets = rows.get(method)?.secrets ?? (method.startsWith('$/') || method.startsWith('window/') ? [] : undefined);
  return { ...message, params: secrets ? without(params, secrets) : hidden(params) };
}

function without(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => without(each, secrets));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, secrets.includes(name) ? hidden(inner) : without(inner, secrets)]));
}

function hidden(value: unknown): unknown {
  if (typeof value === 'string') return `(hidden, ${value.length} characters)`;
  return typeof value === 'object' && value !== null ? '(hidden)' : value;
}
