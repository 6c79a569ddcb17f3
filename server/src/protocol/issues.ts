/** Turns the issues that zod finds in a value into messages for people, each with the path of the field. */
import en from 'zod/v4/locales/en.js';
import type * as z from 'zod/mini';

export interface Issue {
  /** The keys from the value down to the field, with dots between them. Empty when the issue is about the whole value. */
  readonly path: string;
  readonly message: string;
}

type Fault = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const { localeError } = en();

/** An option for `safeParse`: `zod/mini` comes without error messages. */
export const inWords = { error: localeError };

/** `at` is the path of the value itself, where it is a part of something larger. */
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

/** Whether this branch of a union expected a value of another type altogether. */
function isOtherType(fault: Fault): boolean {
  return fault.code === 'invalid_type' && fault.path.length === 0;
}
