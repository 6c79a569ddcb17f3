/** A file of lines to which several daemons append: each line is written at once, so that none is lost and none is mixed with another. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from '../base/folders.ts';

/** More is not read in one piece. */
const MAX_READ_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface Appended {
  /** How large the file is now. */
  readonly size: number;
  /** How much of it was written now. */
  readonly bytes: number;
  /** Whether the file still has this path. If not, somebody has moved or removed it meanwhile. */
  readonly isThere: boolean;
}

/**
 * Appends lines. Invariant: the kernel puts what one call writes to a file that was opened for appending behind all that
 * was written before, also by others.
 * @throws if the file can't be written
 */
export async function appendLines(path: string, values: readonly object[]): Promise<Appended> {
  makeFolders(dirname(path), 0o700);
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    // It begins with an end of line, so that a piece of a line that is left of a full disk spoils no other.
    const lines = Buffer.from(`\n${values.map((value) => JSON.stringify(value)).join('\n')}\n`);
    const { bytesWritten } = await file.write(lines);
    if (bytesWritten < lines.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    const { size, ino } = await file.stat();
    return { size, bytes: lines.length, isThere: statusOf(path)?.ino === ino };
  } finally {
    await file.close();
  }
}

/** Reads what others append to a file, as it grows. */
export class Tail {
  readonly #path: string;
  #at = 0;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The lines that have come since the last call, each as the JSON that it is; what is no JSON is left out. Where the file
   * is another one than before, `anew` is called first, and all of its lines come.
   */
  read(anew: () => void): unknown[] {
    const found = statusOf(this.#path);
    if (found?.ino !== this.#file || (found?.size ?? 0) < this.#at) {
      this.#file = found?.ino;
      this.#at = 0;
      anew();
    }
    if (!found || found.size === this.#at) return [];
    const lines: unknown[] = [];
    for (let piece = this.#piece(); piece.length > 0; piece = this.#piece()) for (const line of parse(piece)) lines.push(line);
    return lines;
  }

  /** The next whole lines. */
  #piece(): Buffer {
    try {
      const file = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
      try {
        const status = fstatSync(file);
        if (!status.isFile()) return Buffer.alloc(0);
        const bytes = Buffer.alloc(Math.min(status.size - this.#at, MAX_READ_BYTES));
        const whole = bytes.subarray(0, bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#at)).lastIndexOf(NEWLINE) + 1);
        // No daemon writes a line that fills all of it, so what is left of that one counts nothing.
        const read = whole.length === 0 && bytes.length === MAX_READ_BYTES ? bytes : whole;
        this.#at += read.length;
        return read;
      } finally {
        closeSync(file);
      }
    } catch {
      return Buffer.alloc(0);
    }
  }
}

/** undefined: it can't be looked at, so nobody has written to it. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What is no JSON is left out. */
export function parse(bytes: Buffer): unknown[] {
  return bytes.toString('utf8').split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}
