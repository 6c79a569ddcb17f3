/** Reads what a sandbox says was installed. Nothing of it is trusted. */
import type { Installed } from '../ports.ts';

const MAX_INSTALLED = 20_000;

/** Reads a list of objects with `name` and `version`; sorted, each once. @throws Error where it is something else */
export function readInstalled(list: unknown): Installed[] {
  if (!Array.isArray(list) || list.length > MAX_INSTALLED) throw new Error('this is no list of what was installed');
  const read = (list as unknown[]).map((each) => {
    const { name, version } = (each ?? {}) as { name?: unknown; version?: unknown };
    if (!isWord(name) || !isWord(version)) throw new Error('something that was installed has no name or no version');
    return { name, version };
  });
  const once = new Map(read.map((each) => [`${each.name}\0${each.version}`, each]));
  return [...once.values()].sort((a, b) => (`${a.name}\0${a.version}` < `${b.name}\0${b.version}` ? -1 : 1));
}

function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,300}$/.test(text);
}
