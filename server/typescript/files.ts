/** Looking at files. What may not be looked at is not there. */
import { readFileSync, type Stats, statSync } from 'node:fs';

export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isFile(path: string): boolean {
  return statsOf(path)?.isFile() === true;
}

/** The object in a file of JSON. undefined: there is none, or it can't be read. */
export function readObject(path: string, clean = (text: string) => text): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(clean(readFileSync(path, 'utf8')));
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
