/** The messages of the Debug Adapter Protocol, as far as the daemon has to understand them, and what it takes for one. */

export type Json = Readonly<Record<string, unknown>>;

export interface DapRequest {
  readonly seq: number;
  readonly type: 'request';
  readonly command: string;
  readonly arguments?: Json;
}

export interface DapResponse {
  readonly seq: number;
  readonly type: 'response';
  readonly request_seq: number;
  readonly success: boolean;
  readonly command: string;
  readonly message?: string;
  readonly body?: Json;
}

export interface DapEvent {
  readonly seq: number;
  readonly type: 'event';
  readonly event: string;
  readonly body?: Json;
}

export type DapMessage = DapRequest | DapResponse | DapEvent;

/** The requests whose wish is fulfilled when the debugger is gone, so that they succeed although it does not answer them any more. */
export const ENDS: ReadonlySet<string> = new Set(['disconnect', 'terminate']);

/** What the body of a response says of a failure. Braces in the text stand for themselves. */
export function errorOf(text: string, showUser = false): Json {
  return { error: { id: 1, format: '{text}', variables: { text }, showUser } };
}

/** A message is at most so long, as JSON. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_NAME_LENGTH = 100;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects in a list; what is no list has none. */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text that `value` is; what is none is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The message that `value` is; undefined: it is none. Members that no message has are left out, and so is a body that is no object. */
export function messageOf(value: unknown): DapMessage | undefined {
  if (!isObject(value) || !isNumber(value.seq)) return undefined;
  const { seq, type, command, event } = value;
  if (type === 'request' && isName(command)) return { seq, type, command, ...(isObject(value.arguments) ? { arguments: value.arguments } : {}) };
  const body = isObject(value.body) ? { body: value.body } : {};
  if (type === 'event' && isName(event)) return { seq, type, event, ...body };
  const { request_seq: to, success, message } = value;
  if (type !== 'response' || !isName(command) || !isNumber(to) || typeof success !== 'boolean') return undefined;
  return { seq, type, request_seq: to, success, command, ...(typeof message === 'string' ? { message } : {}), ...body };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}
