/** `$/logTrace`: what the connection did, told to a client that asked. */
import { CommandInput } from '../protocol/index.ts';

export type TraceLevel = 'off' | 'messages' | 'verbose';

const MAX_VERBOSE_LENGTH = 10_000;

/** Params that may hold what nobody should read. */
const SECRET_PARAMS: ReadonlySet<string> = new Set(['secrets', 'env']);

export class Trace {
  readonly #send: (params: { message: string; verbose?: string }) => void;
  #level: TraceLevel = 'off';

  constructor(send: (params: { message: string; verbose?: string }) => void) {
    this.#send = send;
  }

  set(level: TraceLevel): void {
    this.#level = level;
  }

  received(kind: 'request' | 'notification', method: string, params: unknown): void {
    if (this.#level === 'off') return;
    const message = `Received ${kind} '${method}'.`;
    const shown = this.#level === 'verbose' && method !== CommandInput.name;
    this.#send(shown ? { message, verbose: `Params: ${show(params)}` } : { message });
  }

  /** `code` is that of the error, where there is one. */
  answered(method: string, durationMs: number, code?: number): void {
    if (this.#level === 'off') return;
    const failure = code === undefined ? '' : ` It failed with ${code}.`;
    this.#send({ message: `Sending response '${method}' after ${Math.round(durationMs)} ms.${failure}` });
  }
}

/** Never throws: params can be nested deeper than JSON can be written. */
function show(params: unknown): string {
  const hide = (key: string, value: unknown) => {
    if (SECRET_PARAMS.has(key)) return '(hidden)';
    return typeof value === 'string' ? value.slice(0, MAX_VERBOSE_LENGTH) : value;
  };
  try {
    return JSON.stringify(params, hide).slice(0, MAX_VERBOSE_LENGTH);
  } catch {
    return '(nested too deeply to show)';
  }
}
