/** Validates params against the schema of their method. Code behind the connection does not check them again. */
import * as z from 'zod/mini';
import { ProtocolError } from '../protocol/index.ts';
import { explain, inWords, type Issue } from '../protocol/issues.ts';
import { toEmptyObjects } from './lua.ts';

type Schema = z.core.$ZodType;

/**
 * Returns `value` with the type of the schema. Empty arrays in the place of objects are replaced, in `value` itself.
 * `at` is the path of `value` in the params.
 * @throws ProtocolError InvalidParams, with all issues
 */
export function parseParams<S extends Schema>(schema: S, value: unknown, at: readonly PropertyKey[] = []): z.output<S> {
  const first = z.safeParse(schema, value, inWords);
  if (first.success) return first.data;
  const repaired = toEmptyObjects(value, first.error.issues);
  const second = repaired.changed ? z.safeParse(schema, repaired.value, inWords) : first;
  if (second.success) return second.data;
  throw invalidParams(second.error.issues.flatMap((issue) => explain(issue, at)));
}

function invalidParams(issues: readonly Issue[]): ProtocolError {
  const words = issues.slice(0, 3).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = issues.length > 3 ? `; and ${issues.length - 3} more` : '';
  return new ProtocolError('InvalidParams', `Invalid params: ${words.join('; ')}${more}.`, { issues });
}
