/** What is recorded: an entry says what happened, to what, and by whom, and never what was in it. */

export const auditKinds = ['log', 'client', 'session', 'command', 'file', 'install', 'port', 'network', 'denial'] as const;
export type AuditKind = (typeof auditKinds)[number];

export type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [name: string]: Value };
export type Fields = Readonly<Record<string, Value>>;

export interface Entry {
  readonly kind: AuditKind;
  /** What happened to it, in one word. */
  readonly event: string;
  /** A function is called when the entry is written, which is after the call has been answered: digests of large texts are made there. */
  readonly fields: Fields | (() => Fields);
}

/** What a client sends can be of any length, and a record cannot. */
const MAX_TEXT_LENGTH = 4096;
const MAX_ITEMS = 200;

/** The text of an entry behind its number: the members of a JSON object, from the time to the closing brace. */
export function render({ kind, event, fields }: Entry, at: number): string {
  const all = { time: new Date(at).toISOString(), kind, event, ...bounded(typeof fields === 'function' ? fields() : fields) };
  return JSON.stringify(all).slice(1);
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
