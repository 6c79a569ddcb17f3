/** `codebeaker run --save`: finds the files that the program made or changed, and saves those that match. */
import { mkdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { type DirectoryEntry, ListDirectory, ReadFile, type ResultOf } from '../protocol/index.ts';
import { errorCode } from '../runtime/machine/faults.ts';
import { walkerFor } from '../runtime/machine/walk.ts';
import type { Saving } from './arguments.ts';
import { NotSaved, writeHome } from './home.ts';
import type { Outgoing } from './send.ts';

export interface SaveParts {
  /** What was written into the sandbox. */
  readonly sent: readonly Outgoing[];
  /** The path of the program itself, which is not saved. */
  readonly source: string;
  /** No more is saved, whatever sizes the sandbox tells. */
  readonly maxBytes: number;
  readonly token: CancellationToken;
}

export interface Saved {
  /** Paths below the folder. */
  readonly saved: readonly string[];
  /** `path` is undefined if it is about all files. */
  readonly notSaved: readonly { readonly path?: string; readonly reason: string }[];
}

export interface Saver {
  /** Never rejects. */
  save(folder: string): Promise<Saved>;
}

const WORKSPACE = '/workspace/';
const PIECE_BYTES = 8 * 1024 * 1024;
/** How many names a message has at most. */
const MAX_NAMES = 10;
/** Folders with what interpreters keep for themselves. */
const caches = new Set(['__pycache__']);

/** Notes which files the program begins with. @throws ResponseError */
export async function watchFiles(connection: MessageConnection, sessionId: string, { patterns, replace }: Saving, { sent, source, maxBytes, token }: SaveParts): Promise<Saver> {
  const originals = new Map(sent.map(({ path, original }) => [path, original]));
  const list = async (): Promise<Listing> => {
    const lists: ResultOf<typeof ListDirectory>[] = [];
    for (const pattern of patterns) lists.push(await connection.sendRequest(ListDirectory.name, { sessionId, recursive: true, pattern }, token));
    const entries = lists.flatMap((each) => each.entries).filter(({ type }) => type !== 'directory');
    return { entries: new Map(entries.map((entry) => [entry.path.slice(WORKSPACE.length), entry])), truncated: lists.some((each) => each.truncated) };
  };
  const before = await list();
  let left = maxBytes;
  const pieces = async function* (path: string): AsyncGenerator<Buffer> {
    for (let offset = 0; ; ) {
      const piece: ResultOf<typeof ReadFile> = await connection.sendRequest(ReadFile.name, { sessionId, path, encoding: 'base64', offset, length: PIECE_BYTES }, token);
      const bytes = Buffer.from(piece.content, 'base64');
      left -= bytes.length;
      if (left < 0) throw new NotSaved('the files are larger than the disk limit of the sandbox, because they have holes');
      yield bytes;
      offset += bytes.length;
      if (piece.eof || bytes.length === 0) return;
    }
  };
  const saveOne = async (folder: string, path: string, { type, size, path: inside }: DirectoryEntry) => {
    if (type !== 'file') throw new NotSaved(type === 'symlink' ? 'it is a link' : 'it is not a regular file');
    if (size > left) throw new NotSaved(`it has ${size} bytes, which is more than the disk limit of the sandbox, because it has holes`);
    await writeHome(walkerFor(platform()), folder, { path, original: originals.get(path), pieces: () => pieces(inside) }, replace);
  };
  return {
    async save(given) {
      const saved: string[] = [];
      const notSaved: { path?: string; reason: string }[] = [];
      try {
        const after = await list();
        const made = [...after.entries].filter(([path, entry]) => path !== source && !path.split('/').some((name) => caches.has(name)) && isOther(entry, before.entries.get(path)));
        const folder = resolve(given);
        if (made.length > 0) await mkdir(folder, { recursive: true });
        for (const [path, entry] of made) {
          await saveOne(folder, path, entry).then(() => saved.push(path), (fault: unknown) => notSaved.push({ path, reason: reasonOf(fault) }));
        }
        if (after.truncated) notSaved.push({ reason: 'a folder could not be looked into, or too many files match: then make the pattern narrower' });
      } catch (fault) {
        notSaved.push({ reason: reasonOf(fault) });
      }
      return { saved, notSaved };
    },
  };
}

interface Listing {
  readonly entries: ReadonlyMap<string, DirectoryEntry>;
  readonly truncated: boolean;
}

function isOther(entry: DirectoryEntry, before: DirectoryEntry | undefined): boolean {
  return before?.type !== entry.type || before.size !== entry.size || before.mtimeMs !== entry.mtimeMs;
}

/** What people are told of it. */
export function wordsFor({ saved, notSaved }: Saved): string[] {
  const shown = saved.slice(0, MAX_NAMES).map(printable).join(', ');
  const told = notSaved.slice(0, MAX_NAMES).map(({ path, reason }) => (path === undefined ? `not everything was saved: ${reason}` : `${printable(path)} is not saved: ${reason}`));
  return [
    ...(saved.length > 0 ? [`saved ${shown}${saved.length > MAX_NAMES ? ` and ${saved.length - MAX_NAMES} more` : ''}`] : []),
    ...(saved.length + notSaved.length === 0 ? ['nothing is saved, because the program made no file that --save names'] : []),
    ...told,
    ...(notSaved.length > MAX_NAMES ? [`${notSaved.length - MAX_NAMES} more files are not saved`] : []),
  ];
}

/** A program chooses the names, and they must not control the terminal. */
function printable(path: string): string {
  return path.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}

function reasonOf(fault: unknown): string {
  const code = errorCode(fault);
  return code === '' ? (fault as Error).message : `it cannot be written (${code})`;
}
