/** Reads the body of one message and checks that it is valid JSON-RPC, independently of all other messages. */
import { isUtf8 } from 'node:buffer';
import { errorCodes, ProtocolError } from '../protocol/index.ts';
import { isTooHeavy, MAX_VALUES } from './weight.ts';

export type Id = string | number;
/** No params, null and an empty array are replaced by an empty object. */
export type Params = object | unknown[];

export interface Fault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A response has an `error` if the request failed; otherwise `result` is its result. */
export type Incoming =
  | { readonly kind: 'request'; readonly id: Id; readonly method: string; readonly params: Params }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Params }
  | { readonly kind: 'response'; readonly id: unknown; readonly error?: Fault; readonly result: unknown }
  | { readonly kind: 'invalid'; readonly id: Id | null; readonly error: ProtocolError };

export function readMessage(body: Buffer): Incoming {
  if (isTooHeavy(body)) return invalid(`The body contains more than ${MAX_VALUES} values.`);
  let value: unknown;
  try {
    if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'invalid', id: null, error: new ProtocolError('ParseError', 'The body is not JSON in UTF-8.') };
  }
  if (Array.isArray(value)) return invalid('Batches are not supported: send one message in each frame.');
  return isObject(value) ? classify(value) : invalid('A message must be a JSON object.');
}

function classify(message: Record<string, unknown>): Incoming {
  const { id, method, params } = message;
  const isResponse = !has(message, 'method') && (has(message, 'result') || has(message, 'error'));
  const echo = isId(id) && !isResponse ? id : null;
  if (message['jsonrpc'] !== '2.0') return invalid('jsonrpc must be "2.0".', echo);
  if (isResponse) return readResponse(message);
  if (typeof method !== 'string') return invalid('method must be a string.', echo);
  if (has(message, 'id') && !isId(id)) return invalid('id must be a string or an integer.');
  const given = params ?? {};
  if (!isParams(given)) return invalid('params must be an object or an array.', echo);
  return isId(id) ? { kind: 'request', id, method, params: named(given) } : { kind: 'notification', method, params: named(given) };
}

/** A response with a malformed error still settles the request that waits for it, with an error. */
function readResponse({ id, error, result = null }: Record<string, unknown>): Incoming {
  if (error === undefined || error === null) return { kind: 'response', id, result };
  const { code, message, data } = isObject(error) ? error : {};
  const fault: Fault =
    Number.isInteger(code) && typeof message === 'string'
      ? { code: Number(code), message, data }
      : { code: errorCodes.InternalError, message: 'The error of the response is malformed.' };
  return { kind: 'response', id, error: fault, result: null };
}

function invalid(reason: string, id: Id | null = null): Incoming {
  return { kind: 'invalid', id, error: new ProtocolError('InvalidRequest', reason) };
}

export function isId(value: unknown): value is Id {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

function isParams(value: unknown): value is Params {
  return typeof value === 'object' && value !== null;
}

/** Lua clients send `[]` where they mean `{}`. */
function named(params: Params): Params {
  return Array.isArray(params) && params.length === 0 ? {} : params;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isParams(value) && !Array.isArray(value);
}

function has(message: object, key: string): boolean {
  return Object.hasOwn(message, key);
}
