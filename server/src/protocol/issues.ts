/** What a schema has against a value, in words, each with its place. */
import en from 'zod/v4/locales/en.js';
import type * as z from 'zod/mini';

export interface Issue {
  /** Dotted, from the value down; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

type Fault = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const { localeError } = en();

/** For `safeParse`: zod's small edition has no words of its own. */
export const inWords = { error: localeError };

/** `at` is where the value lies in something larger. */
export function explain(fault: Fault, at: Path = []): Issue[] {
  const path = [...at, ...fault.path];
  const issue = (message: string, ...below: string[]): Issue => ({ path: [...path, ...below].join('.'), message });
  if (fault.code === 'unrecognized_keys') return fault.keys.map((key) => issue('no such key', key));
  if (fault.code === 'invalid_key') return [issue(`Invalid key: ${fault.issues.map(({ message }) => message).join('; ')}`)];
  return fault.code === 'invalid_union' ? explainUnion(fault, path, issue) : [issue(fault.message)];
}

function explainUnion(fault: z.core.$ZodIssueInvalidUnion, path: Path, issue: (message: string) => Issue): Issue[] {
  const near = fault.errors.filter((branch) => !branch.some(isOtherType));
  if (near.length === 1 && near[0]) return near[0].flatMap((inner) => explain(inner, path));
  const types = fault.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  const expected = [...new Set(types)].join(' or ');
  return [issue(expected ? `Invalid input: expected ${expected}` : fault.message)];
}

/** Whether the value is of another type altogether than this branch of a union is about. */
function isOtherType(fault: Fault): boolean {
  return fault.code === 'invalid_type' && fault.path.length === 0;
}
