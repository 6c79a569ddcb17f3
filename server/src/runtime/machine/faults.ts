/** Turns failed system calls into errors of the protocol. Their messages name the path inside the sandbox, never that of the host. */
import { type ErrorKind, ProtocolError } from '../../protocol/index.ts';
import { MAX_FILE_BYTES } from '../ports.ts';

const meanings: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ENOENT: ['FileNotFound', 'no such file or directory'],
  EEXIST: ['FileExists', 'it exists'],
  ENOTDIR: ['WrongFileType', 'a part of the path is not a directory'],
  EISDIR: ['WrongFileType', 'it is a directory'],
  ENOTEMPTY: ['WrongFileType', 'the directory is not empty: pass recursive'],
  ENXIO: ['WrongFileType', 'it is not a regular file'],
  ENODEV: ['WrongFileType', 'it is not a regular file'],
  ENOSPC: ['DiskFull', 'no space is left for the session'],
  EDQUOT: ['DiskFull', 'no space is left for the session'],
  EFBIG: ['DiskFull', 'the file would be too large'],
  ELOOP: ['InvalidPath', 'the path leads through a link, and links are not followed'],
  ENAMETOOLONG: ['InvalidPath', 'the name is too long'],
  EILSEQ: ['InvalidPath', 'the file system does not take this name'],
  EINVAL: ['InvalidPath', 'the file system does not take this name'],
  EROFS: ['InvalidPath', 'it is read-only'],
  EACCES: ['InvalidPath', 'permission denied'],
  EPERM: ['InvalidPath', 'permission denied'],
};

export function fileError(fault: unknown, path: string): ProtocolError {
  if (fault instanceof ProtocolError) return fault;
  const code = errorCode(fault);
  const [kind, words] = meanings[code] ?? ['SandboxFailed', `the file system answered ${code || 'in an unknown way'}; try again`];
  return new ProtocolError(kind, `${path}: ${words}`, { path });
}

export function fileTooLarge(path: string): ProtocolError {
  return new ProtocolError(
    'FileTooLarge',
    `${path} is larger than one message can be (${MAX_FILE_BYTES} bytes); read it in pieces with offset and length`,
    { path, maxBytes: MAX_FILE_BYTES },
  );
}

/** An error like that of a system call, for what is found out without one. */
export function systemFault(code: 'ELOOP' | 'ENOTDIR' | 'EISDIR' | 'ENXIO' | 'EEXIST'): Error {
  return Object.assign(new Error(code), { code });
}

/** The code of a system call's error, such as ENOENT; empty for any other error. */
export function errorCode(fault: unknown): string {
  return fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : '';
}
