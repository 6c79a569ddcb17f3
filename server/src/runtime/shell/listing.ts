/** Parses directory listings as `find` and `stat` print them. */
import { posix } from 'node:path';
import type { DirectoryEntry } from '../../protocol/index.ts';

/** GNU: type, size, time in seconds, octal mode and path below the start, with tabs between and a NUL after each. */
export function parseFind(text: Buffer, root: string): DirectoryEntry[] {
  return records(text.toString(), '\0').map((record) => {
    const [type, size, time, mode, ...path] = record.split('\t');
    return entry(root, path.join('\t'), type === 'f' ? 'file' : type === 'd' ? 'directory' : type === 'l' ? 'symlink' : 'other', {
      size: Number(size),
      mtimeMs: milliseconds(time),
      mode: Number.parseInt(mode ?? '0', 8),
    });
  });
}

/** Rounded down in the text: a fraction of many digits is none that a number can hold. */
function milliseconds(time = ''): number {
  return Math.round(Number(time.replace(/(\.\d{3})\d*$/, '$1')) * 1000);
}

const S_IFMT = 0o170000;
const types: Readonly<Record<number, DirectoryEntry['type']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
};

/** Elsewhere: hexadecimal mode, size, seconds, and the whole path, ended by `//` and a newline, which no path holds. */
export function parseStat(text: Buffer, root: string): DirectoryEntry[] {
  return records(text.toString(), '//\n').map((record) => {
    const [mode = '0', size, time, ...path] = record.split(' ');
    const bits = Number.parseInt(mode, 16);
    return entry(root, posix.relative(root, path.join(' ')), types[bits & S_IFMT] ?? 'other', {
      size: Number(size),
      mtimeMs: Number(time) * 1000,
      mode: bits & 0o7777,
    });
  });
}

/** What is after the last terminator was cut off and is left out. */
function records(text: string, terminator: string): string[] {
  return text.split(terminator).slice(0, -1);
}

function entry(
  root: string,
  relative: string,
  type: DirectoryEntry['type'],
  rest: Pick<DirectoryEntry, 'size' | 'mtimeMs' | 'mode'>,
): DirectoryEntry {
  return { name: posix.basename(relative), path: posix.join(root, relative), type, ...rest };
}
