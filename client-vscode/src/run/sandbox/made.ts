/** Finds out which files in the sandbox of a run are new or changed, compared with the folder on this machine. */
import { posix } from 'node:path';
import type { DirectoryEntry } from 'codebeaker/protocol';
import type { Connection } from '../../client/connection.ts';
import type { Source } from '../source/source.ts';
import type { Disk } from './disk.ts';

/** `new`: the folder on this machine has no such file; `changed`: it has another one. */
export type Mark = 'new' | 'changed';

export interface MadeFile {
  /** Below /workspace, POSIX. */
  readonly path: string;
  readonly mark: Mark;
  readonly size: number;
  readonly mtimeMs: number;
}

const WORKSPACE = '/workspace/';
/** Folders with what interpreters keep for themselves. */
const caches = new Set(['__pycache__']);

/**
 * Links and devices are not among them, nor is the source itself.
 * @param copied the folder on this machine whose copy is in the sandbox; undefined if there is none
 * @throws what the daemon answers
 */
export async function madeFiles(connection: Connection, sessionId: string, source: Source, copied: string | undefined, disk: Disk): Promise<readonly MadeFile[]> {
  const { entries } = await connection.request('command/listDirectory', { sessionId, path: WORKSPACE.slice(0, -1), recursive: true });
  const pathOf = (entry: DirectoryEntry) => entry.path.slice(WORKSPACE.length);
  // The text of the source was written just before the program began.
  const began = entries.find((entry) => pathOf(entry) === source.path)?.mtimeMs ?? 0;
  const names = new Map<string, Promise<ReadonlySet<string>>>();
  const markOf = async (entry: DirectoryEntry): Promise<Mark | undefined> => {
    const path = pathOf(entry);
    if (copied === undefined) return 'new';
    const folder = posix.dirname(path) === '.' ? '' : posix.dirname(path);
    const beside = names.get(folder) ?? disk.names(copied, folder);
    names.set(folder, beside);
    if (!(await beside).has(entry.name)) return 'new';
    if (entry.mtimeMs < began) return undefined;
    const own = await disk.stat(copied, path);
    // Copies keep their times, to the millisecond.
    const isCopy = own !== undefined && own.size === entry.size && Math.floor(own.mtimeMs) === Math.floor(entry.mtimeMs);
    return isCopy ? undefined : 'changed';
  };
  const files = entries.filter((entry) => entry.type === 'file' && pathOf(entry) !== source.path && !pathOf(entry).split('/').some((part) => caches.has(part)));
  const marks = await Promise.all(files.map(markOf));
  return files.flatMap((entry, index) => {
    const mark = marks[index];
    return mark ? [{ path: pathOf(entry), mark, size: entry.size, mtimeMs: entry.mtimeMs }] : [];
  });
}
