/** What is recorded: an entry says what happened, to what, and by whom, and never what was in it. */

import type { AuditKind } from './kinds.ts';

export type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [name: string]: Value };
export type Fields = Readonly<Record<string, Value>>;

export interface Entry {
  readonly kind: AuditKind;
  /** What happened to it, in one word. */
  readonly event: string;
  /** A function is called when the entry is written, which is after the call has been answered: digests of large texts are made there. */
  readonly fields: Fields | (() => Fields);
}

/** Whatever takes entries in. */
export interface Recorder {
  record(entry: Entry): unknown;
}

/** What a client sends can be of any length, and a record cannot. */
const MAX_TEXT_LENGTH = 4096;
const MAX_ITEMS = 200;
/** No record is longer than this, with what is put around an entry. What reads the log backwards relies on it. */
export const MAX_RECORD_BYTES = 64 * 1024;
const MAX_ENTRY_BYTES = MAX_RECORD_BYTES - 1024;
/** Of an entry that would be longer, only these are recorded. */
const NAMES = ['visit', 'sessionId', 'call', 'method'];
const MAX_NAME_LENGTH = 300;

/** The text of an entry behind its number: the members of a JSON object, from the time to the closing brace. */
export function render({ kind, event, fields }: Entry, at: number): string {
  const begin = { time: new Date(at).toISOString(), kind, event };
  const all = bounded(typeof fields === 'function' ? fields() : fields);
  const text = JSON.stringify({ ...begin, ...all }).slice(1);
  if (text.length <= MAX_ENTRY_BYTES / 6 || Buffer.byteLength(text) <= MAX_ENTRY_BYTES) return text;
  const names = NAMES.map((name) => [name, shortened(all[name])] as const);
  return JSON.stringify({ ...begin, ...Object.fromEntries(names), tooLong: true }).slice(1);
}

function shortened(value: Value): Value {
  return typeof value === 'string' ? value.slice(0, MAX_NAME_LENGTH) : typeof value === 'number' ? value : undefined;
}

function bounded(fields: Fields): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const name in fields) result[name] = boundedValue(fields[name]);
  return result;
}

function boundedValue(value: Value): Value {
  if (typeof value === 'string') return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.slice(0, MAX_ITEMS).map(boundedValue) : bounded(value);
}

/** The type of `Array.isArray` knows nothing of lists that cannot be changed. */
function isList(value: readonly Value[] | Fields): value is readonly Value[] {
  return Array.isArray(value);
}
