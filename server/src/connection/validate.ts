/** The edge: what passes has the type its schema says. Below it nothing is checked again. */
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { ProtocolError } from '../protocol/index.ts';
import { toEmptyObjects } from './lua.ts';

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export interface ParamIssue {
  /** Dotted, from the params down; empty for the params themselves. */
  readonly path: string;
  readonly message: string;
}

const { localeError } = en();

/**
 * `value` as the schema has it; empty arrays in the place of objects are replaced in `value` itself.
 * `at` is where it lies in the params.
 * @throws ProtocolError InvalidParams, with every issue
 */
export function parseParams<S extends Schema>(schema: S, value: unknown, at: Path = []): z.output<S> {
  const first = z.safeParse(schema, value, { error: localeError });
  if (first.success) return first.data;
  const repaired = toEmptyObjects(value, first.error.issues);
  const second = repaired.changed ? z.safeParse(schema, repaired.value, { error: localeError }) : first;
  if (second.success) return second.data;
  throw invalidParams(second.error.issues.flatMap((issue) => explain(issue, at)));
}

export function invalidParams(issues: readonly ParamIssue[]): ProtocolError {
  const words = issues.slice(0, 3).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = issues.length > 3 ? `; and ${issues.length - 3} more` : '';
  return new ProtocolError('InvalidParams', `Invalid params: ${words.join('; ')}${more}.`, { issues });
}

function explain(issue: Issue, at: Path): ParamIssue[] {
  const path = [...at, ...issue.path];
  if (issue.code !== 'invalid_union') return [{ path: path.join('.'), message: issue.message }];
  const near = issue.errors.filter((branch) => !branch.some(isOtherType));
  if (near.length === 1 && near[0]) return near[0].flatMap((inner) => explain(inner, path));
  const types = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  const expected = [...new Set(types)].join(' or ');
  return [{ path: path.join('.'), message: expected ? `Invalid input: expected ${expected}` : issue.message }];
}

/** Whether the value is of another type altogether than this branch of a union is about. */
function isOtherType(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}
