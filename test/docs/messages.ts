/** Messages of the protocol as the pages show them: one a line, → from the client and ← from the daemon, with … for what is left out. */
import { safeParse } from 'zod/mini';
import { type Method, methods } from '../../server/src/protocol/index.ts';

export interface Shown {
  readonly from: 'client' | 'server';
  readonly id?: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: unknown;
}

interface Line {
  readonly message: Shown;
  /** Whether something is left out of it. */
  readonly shortened: boolean;
}

export function messagesIn(text: string): Line[] {
  return text.trimEnd().split('\n').map((line) => {
    const [, arrow, json = ''] = /^([→←]) (.*)$/.exec(line) ?? [];
    if (arrow === undefined) throw new Error(`this is no message: ${line}`);
    const whole = json.replaceAll(/,…|…,/g, '').replaceAll('[…]', '[]').replaceAll('{…}', '{}');
    return { message: { from: arrow === '→' ? 'client' : 'server', ...(JSON.parse(whole) as object) }, shortened: whole !== json };
  });
}

/** What is wrong with the messages. A response belongs to the request of the same id before it. */
export function faultsIn(lines: readonly Line[]): string[] {
  const asked = new Map<number, Method>();
  return lines.flatMap(({ message, shortened }) => {
    const { from, id, method: name, params = {}, result } = message;
    if (name === undefined) {
      const method = asked.get(id ?? NaN);
      return method ? misfits(method.result, result, shortened).map((fault) => `the result of ${method.name}: ${fault}`) : [`nothing was asked with the id ${id}`];
    }
    const method = methods.find((each) => each.name === name && each.from === from);
    if (!method || (method.kind === 'request') !== (id !== undefined)) return [`${from} sends no such ${id === undefined ? 'notification' : 'request'}: ${name}`];
    if (id !== undefined) asked.set(id, method);
    return misfits(method.params, params, shortened).map((fault) => `the params of ${name}: ${fault}`);
  });
}

type Schema = Method['params'];

/** Of what is shortened, each member must be known, and have the type that it has there. */
function misfits(schema: Schema, value: unknown, shortened: boolean): string[] {
  const { success, error } = safeParse(schema, value);
  if (success) return [];
  const missing = (path: readonly PropertyKey[]) => path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), value) === undefined;
  return error.issues.filter(({ path }) => !(shortened && missing(path))).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** The members of results that the shapes do not have: results may grow, and shapes let others pass. */
export function unknownMembers(lines: readonly Line[], membersOf: (method: Method) => readonly string[]): string[] {
  const asked = new Map<number, Method>();
  return lines.flatMap(({ message: { id, method: name, result } }) => {
    const method = name === undefined ? asked.get(id ?? NaN) : methods.find((each) => each.name === name);
    if (name !== undefined && id !== undefined && method) asked.set(id, method);
    if (name !== undefined || !method || typeof result !== 'object' || result === null) return [];
    return Object.keys(result).filter((key) => !membersOf(method).includes(key)).map((key) => `${method.name}: ${key}`);
  });
}
