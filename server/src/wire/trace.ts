/** Sends `$/logTrace` notifications about what the connection does, to a client that has asked for them. */
import { clientMethods } from './table.ts';

export type TraceLevel = 'off' | 'messages' | 'verbose';

const MAX_VERBOSE_LENGTH = 10_000;

export class Trace {
  readonly #send: (params: { message: string; verbose?: string }) => void;
  readonly #changed: (level: TraceLevel) => void;
  #level: TraceLevel = 'off';

  constructor(send: (params: { message: string; verbose?: string }) => void, changed: (level: TraceLevel) => void = () => undefined) {
    this.#send = send;
    this.#changed = changed;
  }

  set(level: TraceLevel): void {
    this.#level = level;
    this.#changed(level);
  }

  /** Reports anything else than a received or sent message. */
  tell(message: string): void {
    if (this.#level !== 'off') this.#send({ message });
  }

  received(kind: 'request' | 'notification', method: string, params: unknown): void {
    if (this.#level === 'off') return;
    const message = `Received ${kind} '${method}'.`;
    this.#send(this.#level === 'verbose' ? { message, verbose: `Params: ${show(method, params)}` } : { message });
  }

  /** `code` is the error code, if the request failed. */
  answered(method: string, durationMs: number, code?: number): void {
    if (this.#level === 'off') return;
    const failure = code === undefined ? '' : ` It failed with ${code}.`;
    this.#send({ message: `Sending response '${method}' after ${Math.round(durationMs)} ms.${failure}` });
  }
}

/**
 * The params as text, without secrets. The params of an unknown method are hidden, because it is not known which of
 * them are secret. Never throws, although params can be nested too deeply for JSON.stringify.
 */
function show(method: string, params: unknown): string {
  const secrets = clientMethods.get(method)?.secrets;
  if (!secrets) return '(hidden, because the method is unknown)';
  const hide = (key: string, value: unknown) => {
    if (secrets.includes(key)) return '(hidden)';
    return typeof value === 'string' ? value.slice(0, MAX_VERBOSE_LENGTH) : value;
  };
  try {
    return JSON.stringify(params, hide).slice(0, MAX_VERBOSE_LENGTH);
  } catch {
    return '(nested too deeply to show)';
  }
}
