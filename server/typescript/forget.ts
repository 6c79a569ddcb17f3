/** Removes what the module loader keeps about a file of ours, so that a program does not find it there. */
import * as modules from 'node:module';

/** What the types of Node leave out. */
const { _cache, _pathCache } = modules.Module as unknown as Readonly<Record<'_cache' | '_pathCache', Record<string, unknown>>>;

export function forget(file: string): void {
  delete _cache[file];
  for (const key of Object.keys(_pathCache)) if (_pathCache[key] === file) delete _pathCache[key];
}
