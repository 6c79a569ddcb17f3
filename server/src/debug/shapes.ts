/** What values a client is told: of each only the members that the protocol has, in the types that it gives them. */
import { isObject, type Json } from './dap.ts';

/** `whole`: a number without a fraction, as large as the protocol allows. `handle`: such a number, which the debugger has given to something. `key`: such a number, or a text. `source`: what `Rewriter` makes a source of. A list of texts: one of them. */
export type Kind = 'text' | 'whole' | 'handle' | 'flag' | 'key' | 'source' | readonly string[] | { readonly each: Kind } | { readonly of: Shape };

/** What must be there. A fallback stands in for what is missing or of another type. */
interface Needed {
  readonly needed: Kind;
  readonly fallback?: string | number | boolean;
}

/** A member that is not needed is left out where it is of another type. */
export type Shape = Readonly<Record<string, Kind | Needed>>;

export const need = (needed: Kind, fallback?: Needed['fallback']): Needed => (fallback === undefined ? { needed } : { needed, fallback });
export const each = (kind: Kind): Kind => ({ each: kind });
export const of = (shape: Shape): Kind => ({ of: shape });

/** The number by which others know what has this handle. undefined: there is none. */
export type Handles = (handle: number) => number | undefined;

const MAX_WHOLE = 2 ** 31 - 1;
/** So deep may a value that has values of its own kind be, such as an exception with its causes. */
const MAX_DEPTH = 40;

/** The object in this shape, with the handles that `handles` makes of its own (default: they stay). undefined: something is missing that must be there. */
export function shaped(shape: Shape, value: Json, handles?: Handles, depth = 0): Json | undefined {
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(shape)) {
    const isNeeded = typeof member === 'object' && 'needed' in member;
    const fit = fitting(isNeeded ? member.needed : member, Object.hasOwn(value, name) ? value[name] : undefined, handles, depth) ?? (isNeeded ? member.fallback : undefined);
    if (fit !== undefined) kept.push([name, fit]);
    else if (isNeeded) return undefined;
  }
  return Object.fromEntries(kept);
}

/** undefined: it is of another kind. A list is one only if all that is in it fits. */
function fitting(kind: Kind, value: unknown, handles: Handles | undefined, depth: number): unknown {
  if (depth > MAX_DEPTH) return undefined;
  if (handles && kind === 'handle') return isA(kind, value) ? handles(value as number) : undefined;
  if (handles && kind === 'source') return isObject(value) ? source(value, handles, depth) : undefined;
  if (typeof kind === 'string') return isA(kind, value) ? value : undefined;
  if (isTexts(kind)) return typeof value === 'string' && kind.includes(value) ? value : undefined;
  if ('of' in kind) return isObject(value) ? shaped(kind.of, value, handles, depth + 1) : undefined;
  if (!Array.isArray(value)) return undefined;
  const fit = value.map((one) => fitting(kind.each, one, handles, depth + 1));
  return fit.includes(undefined) ? undefined : fit;
}

/** A source keeps the members that no client is told: `Rewriter` leaves them out. */
function source(value: Json, handles: Handles, depth: number): Json | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const { sourceReference, sources, ...rest } = value;
  const reference = isA('handle', sourceReference) ? handles(sourceReference as number) : undefined;
  return {
    ...rest,
    ...(reference === undefined ? {} : { sourceReference: reference }),
    ...(Array.isArray(sources) ? { sources: sources.filter(isObject).flatMap((one) => source(one, handles, depth + 1) ?? []) } : {}),
  };
}

/** `Array.isArray` does not tell lists that cannot be changed apart. */
const isTexts = (kind: Exclude<Kind, string>): kind is readonly string[] => Array.isArray(kind);

function isA(kind: Extract<Kind, string>, value: unknown): boolean {
  const isWhole = Number.isSafeInteger(value) && Math.abs(value as number) <= MAX_WHOLE;
  return { text: typeof value === 'string', whole: isWhole, handle: isWhole, flag: typeof value === 'boolean', key: isWhole || typeof value === 'string', source: isObject(value) }[kind];
}
