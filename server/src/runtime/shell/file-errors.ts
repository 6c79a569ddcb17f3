/** Finds out what went wrong with a file, from the status of a script or from the message of a tool. */
import { type ErrorKind, ProtocolError } from '../../protocol/index.ts';

/** Verdicts of scripts that needed no tool to know. No errno is so large. */
export const MISSING = 201;
export const ALREADY = 202;
export const WRONG_TYPE = 203;

const ENOSPC = 28;
const EDQUOT = 122;

/** NAME_MAX of every Linux file system. */
const MAX_NAME_BYTES = 255;

/** A test of the shell's would only say that there is no such file. @throws ProtocolError InvalidPath */
export function checkNames(path: string): void {
  if (path.split('/').some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw new ProtocolError('InvalidPath', `a name in the path is longer than ${MAX_NAME_BYTES} bytes`, { path });
  }
}

const byStatus: Readonly<Record<number, ErrorKind>> = {
  [MISSING]: 'FileNotFound',
  [ALREADY]: 'FileExists',
  [WRONG_TYPE]: 'WrongFileType',
  [ENOSPC]: 'DiskFull',
  [EDQUOT]: 'DiskFull',
};

const DISK_FULL = 'the disk limit of the session is reached';

/** Messages of GNU, busybox and dash, in the C locale. The first match wins. */
const byMessage: readonly (readonly [RegExp, ErrorKind, string])[] = [
  [/No space left|quota exceeded|I\/O error|write error/i, 'DiskFull', DISK_FULL],
  [/Directory not empty/i, 'WrongFileType', 'the directory is not empty: pass recursive'],
  [/No such file|nonexistent/i, 'FileNotFound', 'no such file or directory'],
  [/File exists/i, 'FileExists', 'it exists'],
  [/Not a directory|Is a directory/i, 'WrongFileType', 'a part of the path is not what it must be'],
  [/File name too long/i, 'InvalidPath', 'the name is too long'],
  [/Too many levels/i, 'InvalidPath', 'too many symbolic links'],
  [/Read-only file system/i, 'InvalidPath', 'it is read-only'],
  [/Permission denied|not permitted/i, 'InvalidPath', 'permission denied'],
];

const byKind: Partial<Record<ErrorKind, string>> = {
  FileNotFound: 'no such file or directory',
  FileExists: 'it exists',
  WrongFileType: 'it is not the type of file this needs',
  DiskFull: DISK_FULL,
};

export function throwFileError({ status, stderr }: { status: number; stderr: string }, path: string): never {
  const kind = byStatus[status];
  if (kind) throw new ProtocolError(kind, `${path}: ${byKind[kind]}`, { path });
  for (const [pattern, found, words] of byMessage) {
    if (pattern.test(stderr)) throw new ProtocolError(found, `${path}: ${words}`, { path });
  }
  throw new ProtocolError('SandboxFailed', `${path}: the sandbox could not do it: ${stderr.trim().slice(0, 300) || `status ${status}`}`, { path });
}
