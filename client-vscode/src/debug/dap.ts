/** The messages of the Debug Adapter Protocol, as far as they are looked at here. */
import { plain } from '../base/plain-messages.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface DapRequest {
  readonly seq: number;
  readonly type: 'request';
  readonly command: string;
  readonly arguments?: Json;
}

export interface DapResponse {
  readonly type: 'response';
  readonly request_seq: number;
  readonly success: boolean;
  readonly command: string;
  readonly message?: string;
  readonly body?: Json;
}

export interface DapEvent {
  readonly type: 'event';
  readonly event: string;
  readonly body?: Json;
}

export type DapMessage = DapRequest | DapResponse | DapEvent;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The answer to a request that failed. The editor shows it as a message of its own, in which a text could be a link that runs
 * a command of the editor, as could a button that `error.url` asks for. The program that is debugged may have written both.
 * @param shown whether the editor shows it where it would not do so by itself
 */
export function failure({ seq, command }: Pick<DapRequest, 'seq' | 'command'>, why: string, shown = false): DapResponse {
  const message = plain(why);
  return { type: 'response', request_seq: seq, success: false, command, message, body: { error: { id: 1, format: '{text}', variables: { text: message }, showUser: shown } } };
}

/** The text of a failed response. A debugger may have put it into a template. */
export function whyOf({ message = '', body }: DapResponse): string {
  const error = isObject(body?.error) ? body.error : {};
  if (typeof error.format !== 'string') return message;
  const variables = isObject(error.variables) ? error.variables : {};
  return error.format.replace(/\{(\w+)\}/g, (whole, name: string) => (typeof variables[name] === 'string' ? variables[name] : whole));
}
