/** Finds out what is to be run: the content of FILE, its language, and the name that it gets in the sandbox. */
import { constants as fsConstants, createReadStream, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { languageOfPath } from '../command/language.ts';
import { type LanguageId, languageIds, languages } from '../protocol/index.ts';
import type { RunArguments } from './arguments.ts';
import type { Outgoing } from './send.ts';
import { languageOfShebang } from './shebang.ts';

/** The file cannot be run. The message says what to do. */
export class CannotRun extends Error {}

export interface Source {
  readonly language: LanguageId;
  readonly file: Outgoing;
  /** The absolute path of the file; undefined if the content came from a pipe. */
  readonly host: string | undefined;
}

/** `saying`: how a person can say the language. */
type Sought = Pick<RunArguments, 'file' | 'language'> & { readonly saying?: string };

const STDIN = '-';
/** A program that comes from a pipe has at most so many bytes. */
const MAX_PIPED_BYTES = 32 * 1024 * 1024;
const SHEBANG_BYTES = 256;

/** @throws CannotRun; the reason of `signal` if it is aborted */
export async function findSource(args: Sought, stdin: NodeJS.ReadableStream, signal: AbortSignal): Promise<Source> {
  const { file } = args;
  if (file === STDIN) return piped(args, await readAll(stdin, 'the program on stdin', signal));
  const stats = await stat(file).catch((fault: unknown) => {
    throw unreadable(file, fault);
  });
  if (stats.isFIFO()) return piped(args, await readAll(openPipe(file), file, signal));
  if (stats.isDirectory()) throw new CannotRun(`${file}: it is a folder; name a file in it`);
  if (!stats.isFile()) throw new CannotRun(`${file}: it is neither a file nor a pipe`);
  const language = args.language ?? languageOfPath(file) ?? languageOfShebang(await beginning(file));
  return {
    language: known(language, args),
    file: { path: basename(file), size: stats.size, executable: (stats.mode & fsConstants.S_IXUSR) !== 0, pieces: () => createReadStream(file, { highWaterMark: 512 * 1024 }) },
    host: resolve(file),
  };
}

/** The folder in which a file lies. */
export const folderOf = (host: string): string => dirname(host);

/** The beginning of a file, as text. */
export async function lookInto(file: Outgoing, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file.pieces()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytes);
}

function piped(args: Sought, content: Buffer): Source {
  const language = known(args.language ?? languageOfPath(args.file) ?? languageOfShebang(content.subarray(0, SHEBANG_BYTES)), args);
  const path = `main${languages[language].extensions[0]}`;
  return { language, file: { path, size: content.length, executable: false, pieces: () => [content] }, host: undefined };
}

function known(language: LanguageId | undefined, { file, saying = 'put --language before the file, with' }: Sought): LanguageId {
  if (language) return language;
  const who = file === STDIN ? 'stdin: its first line does' : `${file}: its extension and its first line do`;
  throw new CannotRun(`${who} not say which language it is; ${saying} one of ${languageIds.join(', ')}`);
}

async function beginning(file: string): Promise<Buffer> {
  const handle = await open(file).catch((fault: unknown) => {
    throw unreadable(file, fault);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SHEBANG_BYTES), 0, SHEBANG_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Waiting for a writer must not occupy a thread, because the process could then not end. */
function openPipe(file: string): Readable {
  return new Socket({ fd: openSync(file, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK), readable: true, writable: false });
}

async function readAll(stream: NodeJS.ReadableStream, what: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const end = () => (stream as Readable).destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > MAX_PIPED_BYTES) throw new CannotRun(`${what}: it is longer than ${MAX_PIPED_BYTES} bytes, the most that can come from a pipe; save it as a file`);
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', end);
  }
  return Buffer.concat(chunks);
}

/** @param what what is read, as the person has named it */
export function unreadable(what: string, fault: unknown): CannotRun {
  const { code } = fault as { code?: string };
  return new CannotRun(`${what}: ${code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`}`);
}
