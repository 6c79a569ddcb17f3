/** Makes conversations out of recorded messages: requests with their answers, and notifications of one kind in a row as one. */
import type { RecordedMessage } from '../wire/record.ts';

/** A request with its answer, or notifications. */
export interface Exchange {
  /** When it began, in milliseconds. */
  readonly at: number;
  /** The number of the connection. Absent: the daemon had one client only. */
  readonly client?: number | undefined;
  /** Who sent it. */
  readonly from: 'client' | 'server';
  /** In brackets, where the message named no method. */
  readonly method: string;
  /** The id of a request. */
  readonly number?: string | number;
  readonly sessionId?: string | undefined;
  /** How many notifications it stands for. */
  readonly count: number;
  /** As JSON, cut off where it is long. */
  readonly params: string;
  /** Absent: it is a notification, or was not answered. */
  readonly durationMs?: number;
  /** How a request was answered, in words. Absent: it is a notification. */
  readonly outcome?: string;
}

type Draft = { -readonly [Name in keyof Exchange]: Exchange[Name] };
type Members = Readonly<Record<string, unknown>>;
/** When, on which connection, and by whom. */
type Sent = Pick<RecordedMessage, 'at' | 'client' | 'from'>;

const MAX_TEXT = 200;
export const UNANSWERED = 'not answered';

export class Conversation {
  readonly #all: Draft[] = [];
  /** The requests that have no answer yet, by their connection, sender and id. */
  readonly #open = new Map<string, Draft>();
  /** The sessions of commands, by their connection and id. */
  readonly #sessions = new Map<string, string>();

  /** In the order in which they began. */
  get exchanges(): readonly Exchange[] {
    return this.#all;
  }

  add({ message, bytes, skipped, ...sent }: RecordedMessage): void {
    if (!message) this.#all.push({ ...sent, method: skipped === undefined ? '(no JSON)' : '(skipped)', count: 1, params: skipped ?? `${bytes} bytes` });
    else if (typeof message.method === 'string') this.#begin(sent, message, message.method);
    else this.#answer(sent, message);
  }

  #begin(sent: Sent, message: Members, method: string): void {
    const params = membersOf(message.params);
    const sessionId = this.#sessionOf(sent.client, params);
    const last = this.#all.at(-1);
    if (message.id === undefined) {
      if (last && last.number === undefined && last.method === method && last.from === sent.from && last.client === sent.client && last.sessionId === sessionId) last.count++;
      else this.#all.push({ ...sent, method, sessionId, count: 1, params: text(params) });
      return;
    }
    const number = message.id as string | number;
    const draft: Draft = { ...sent, method, number, sessionId, count: 1, params: text(params), outcome: UNANSWERED };
    this.#all.push(draft);
    this.#open.set(keyOf(sent, sent.from, number), draft);
  }

  #answer(sent: Sent, message: Members): void {
    const key = keyOf(sent, sent.from === 'client' ? 'server' : 'client', message.id);
    const draft = this.#open.get(key);
    if (!draft) {
      this.#all.push({ ...sent, method: '(an answer to no request)', count: 1, params: text(message.error ?? message.result ?? null) });
      return;
    }
    this.#open.delete(key);
    draft.durationMs = sent.at - draft.at;
    draft.outcome = outcomeOf(message);
    draft.sessionId ??= membersOf(message.result).sessionId as string | undefined;
  }

  /** What is said of a command belongs to the session in which it was begun. */
  #sessionOf(client: number | undefined, { sessionId, command, commandId = membersOf(command).commandId }: Members): string | undefined {
    const key = typeof commandId === 'string' ? `${client} ${commandId}` : undefined;
    if (typeof sessionId !== 'string') return key === undefined ? undefined : this.#sessions.get(key);
    if (key !== undefined) this.#sessions.set(key, sessionId);
    return sessionId;
  }
}

function keyOf({ client }: Sent, from: string, id: unknown): string {
  return `${client} ${from} ${typeof id} ${String(id)}`;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function outcomeOf({ error, result }: Members): string {
  if (error !== undefined) {
    const { code, message, data } = membersOf(error);
    const { kind } = membersOf(data);
    return `error ${String(code)}${typeof kind === 'string' ? ` ${kind}` : ''}: ${String(message)}`.slice(0, MAX_TEXT);
  }
  const { outcome, exitCode, signal, sessionId, runtime } = membersOf(result);
  if (typeof outcome === 'string') return outcome === 'exited' ? `exited ${String(exitCode)}` : outcome === 'signaled' ? `signaled ${String(signal)}` : outcome;
  return typeof runtime === 'string' && typeof sessionId === 'string' ? `ok ${sessionId} (${runtime})` : 'ok';
}

function text(value: unknown): string {
  const all = JSON.stringify(value);
  return all.length > MAX_TEXT ? `${all.slice(0, MAX_TEXT)}…` : all;
}
