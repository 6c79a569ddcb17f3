/** `$/logTrace`: what the connection did, told to a client that asked. */
import { clientMethods } from './table.ts';

export type TraceLevel = 'off' | 'messages' | 'verbose';

const MAX_VERBOSE_LENGTH = 10_000;

export class Trace {
  readonly #send: (params: { message: string; verbose?: string }) => void;
  #level: TraceLevel = 'off';

  constructor(send: (params: { message: string; verbose?: string }) => void) {
    this.#send = send;
  }

  set(level: TraceLevel): void {
    this.#level = level;
  }

  /** Something worth knowing that is no message. */
  tell(message: string): void {
    if (this.#level !== 'off') this.#send({ message });
  }

  received(kind: 'request' | 'notification', method: string, params: unknown): void {
    if (this.#level === 'off') return;
    const message = `Received ${kind} '${method}'.`;
    this.#send(this.#level === 'verbose' ? { message, verbose: `Params: ${show(method, params)}` } : { message });
  }

  /** `code` is that of the error, where there is one. */
  answered(method: string, durationMs: number, code?: number): void {
    if (this.#level === 'off') return;
    const failure = code === undefined ? '' : ` It failed with ${code}.`;
    this.#send({ message: `Sending response '${method}' after ${Math.round(durationMs)} ms.${failure}` });
  }
}

/** Never throws: params can be nested deeper than JSON can be written. Of a method that nobody knows, nobody knows what is secret. */
function show(method: string, params: unknown): string {
  const secrets = clientMethods.get(method)?.secrets;
  if (!secrets) return '(hidden: the method is not known)';
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
