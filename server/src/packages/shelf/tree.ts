/**
 * Goes through the whole tree of an environment: brings the permissions in order, and says what is in it. Nobody else writes
 * in the tree meanwhile, but hostile programs have made it. Links are read, and never followed.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, readdir, readlink, unlink } from 'node:fs/promises';
import { openRegular } from '../../runtime/machine/contents.ts';
import { type Held, lend, type Path, type Walker } from '../../runtime/machine/walk.ts';

export interface Survey {
  /** What it takes on the disk. */
  readonly bytes: number;
  readonly files: number;
  /** Of everything that programs can see of it: names, contents, links, and which files can be executed. */
  readonly digest: string;
}

export interface SurveyOptions {
  readonly walker: Walker;
  readonly signal: AbortSignal;
  readonly maxFiles: number;
  /** Whether permissions are brought in order: everybody may read everything, only the owner may write, and no file gives rights. What is no file, directory or link is removed. */
  readonly mend: boolean;
}

/** One descriptor is open for each level of the tree. */
const MAX_DEPTH = 200;
/** So many files of a directory are read at once. */
const AT_ONCE = 8;
const CHUNK_BYTES = 256 * 1024;
const BLOCK_BYTES = 512;

/** The tree is deeper, or has more files, than an environment may have. */
export class TooMuch extends Error {}

/** @throws TooMuch; the reason of `signal`; the system's fault */
export async function survey(path: string, options: SurveyOptions): Promise<Survey> {
  const total = { bytes: 0, files: 0 };
  const digest = await lend(options.walker.open(path), (directory) => surveyDirectory(directory, options, total, 0));
  return { ...total, digest };
}

interface Total {
  bytes: number;
  files: number;
}

async function surveyDirectory(directory: Held, options: SurveyOptions, total: Total, depth: number): Promise<string> {
  const { walker, signal, maxFiles, mend } = options;
  if (depth > MAX_DEPTH) throw new TooMuch(`its folders are nested more than ${MAX_DEPTH} deep`);
  if (mend) await chmod(directory.self, 0o755);
  const entries = (await readdir(directory.self, { withFileTypes: true, encoding: 'buffer' })).sort((a, b) => Buffer.compare(a.name, b.name));
  total.files += entries.length;
  if (total.files > maxFiles) throw new TooMuch(`it has more than ${maxFiles} files`);
  const lines = new Map<Buffer, string>();
  const read = async ({ name }: { name: Buffer }) => {
    signal.throwIfAborted();
    const stats = await lstat(directory.at(name));
    total.bytes += stats.blocks * BLOCK_BYTES;
    if (stats.isDirectory()) return;
    const line = await describe(directory.at(name), stats, mend);
    if (line !== undefined) lines.set(name, line);
  };
  for (let at = 0; at < entries.length; at += AT_ONCE) await Promise.all(entries.slice(at, at + AT_ONCE).map(read));
  // One after the other, so that few descriptors are open.
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    if (mend) await chmod(directory.at(name), 0o755);
    lines.set(name, `d ${await lend(walker.enter(directory, name), (inner) => surveyDirectory(inner, options, total, depth + 1))}`);
  }
  const hash = createHash('sha256');
  for (const { name } of entries) {
    const line = lines.get(name);
    if (line !== undefined) hash.update(line).update(' ').update(name).update('\0');
  }
  return hash.digest('hex');
}

/** Resolves with undefined for what has been removed. */
async function describe(path: Path, stats: Stats, mend: boolean): Promise<string | undefined> {
  if (stats.isSymbolicLink()) return `l ${createHash('sha256').update(await readlink(path, { encoding: 'buffer' })).digest('hex')}`;
  if (!stats.isFile()) {
    if (!mend) return 'other';
    await unlink(path);
    return undefined;
  }
  const executable = (stats.mode & 0o100) !== 0;
  const mode = executable ? 0o755 : 0o644;
  if (mend && (stats.mode & 0o7777) !== mode) await chmod(path, mode);
  const file = await openRegular(path, constants.O_RDONLY);
  try {
    return `${executable ? 'x' : 'f'} ${await contentOf(file)}`;
  } finally {
    await file.close();
  }
}

async function contentOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
  }
}
