/**
 * The handles of several processes in one conversation. Each process gives numbers to its threads, its frames and its values
 * by itself; a client knows all of them by numbers that differ. Those of the program itself stay as they are.
 */
import { isObject, type Json } from '../dap.ts';
import type { Handles } from '../shapes.ts';

/** A process has fewer handles than that. */
const ROOM = 2 ** 25;
/** So many places there are beside that of the program, since no number of the protocol has more than 31 bits. */
export const PLACES = 63;
/** The members of requests that are handles. */
const MEMBERS = ['threadId', 'frameId', 'variablesReference', 'sourceReference'] as const;

/** What a client is told in place of the handles of the process in this place, from 1 on. What is not positive is no handle, and stays. */
export function handlesOf(place: number): Handles {
  return (handle) => (handle <= 0 ? handle : handle < ROOM ? place * ROOM + handle : undefined);
}

export interface Route {
  /** The place of the process for which the request is. 0: the program. undefined: it names no process. */
  readonly place: number | undefined;
  /** Its arguments, with the handles of that process. */
  readonly args: Json;
}

/** For which process a request with these arguments is. undefined: for several, which none can answer. */
export function routeOf(args: Json): Route | undefined {
  const { source } = args;
  const within = isObject(source) ? source : {};
  const handles = [...MEMBERS.map((name) => args[name]), within.sourceReference].filter(isHandle);
  const [place, ...others] = new Set(handles.map((handle) => Math.floor(handle / ROOM)));
  if (others.length > 0) return undefined;
  if (place === undefined || place === 0) return { place, args };
  return { place, args: { ...inner(args), ...(isObject(source) ? { source: inner(source) } : {}) } };
}

function inner(args: Json): Json {
  const own = MEMBERS.flatMap((name) => (isHandle(args[name]) ? [[name, args[name] % ROOM] as const] : []));
  return { ...args, ...Object.fromEntries(own) };
}

function isHandle(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
