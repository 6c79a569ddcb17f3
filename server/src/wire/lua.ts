/** Lua clients cannot tell `[]` from `{}`, so an empty array is accepted where an object is expected. */
import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Replaces each empty array in `value` about which there is an issue because an object was expected in its place. */
export function toEmptyObjects(value: unknown, issues: readonly Issue[]): { changed: boolean; value: unknown } {
  const root = { value };
  let changed = false;
  for (const path of issues.flatMap((issue) => wantsObject(issue, []))) {
    changed = replace(root, ['value', ...path]) || changed;
  }
  return { changed, value: root.value };
}

/** The paths at which an object was expected and something else was found. */
function wantsObject(issue: Issue, at: Path): Path[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap((inner) => wantsObject(inner, path));
  const wanted = issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record');
  return wanted ? [path] : [];
}

function replace(root: object, path: Path): boolean {
  let holder: unknown = root;
  for (const key of path.slice(0, -1)) holder = own(holder, key);
  const key = path.at(-1);
  if (key === undefined || !isHolder(holder)) return false;
  const found = own(holder, key);
  if (!Array.isArray(found) || found.length > 0) return false;
  Object.defineProperty(holder, key, { value: {}, writable: true, enumerable: true, configurable: true });
  return true;
}

function own(holder: unknown, key: PropertyKey): unknown {
  return isHolder(holder) ? Object.getOwnPropertyDescriptor(holder, key)?.value : undefined;
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
