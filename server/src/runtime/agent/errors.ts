/** What the kernel's errors mean to a client. */
import { constants } from 'node:os';
import { type ErrorKind, invalidParam, ProtocolError } from '../../protocol/index.ts';

const { errno } = constants;
const names = namesOf(errno);

export const { EACCES, EADDRINUSE, ECONNREFUSED, EEXIST, EMFILE, ENAMETOOLONG, ENOENT } = errno;

export function gone(): ProtocolError {
  return new ProtocolError('SandboxLost', 'the sandbox is gone; create a new session');
}

const DISK_FULL = 'the disk limit of the session is reached';

const ofFiles: Readonly<Partial<Record<number, readonly [ErrorKind, string]>>> = {
  [errno.ENOENT]: ['FileNotFound', 'no such file or directory'],
  [errno.EEXIST]: ['FileExists', 'it exists'],
  [errno.EISDIR]: ['WrongFileType', 'it is a directory'],
  [errno.ENOTDIR]: ['WrongFileType', 'a part of the path is not a directory'],
  [errno.ENOTEMPTY]: ['WrongFileType', 'the directory is not empty: pass recursive'],
  [errno.ESPIPE]: ['WrongFileType', 'it is not a regular file'],
  [errno.ENOSPC]: ['DiskFull', DISK_FULL],
  [errno.EDQUOT]: ['DiskFull', DISK_FULL],
  [errno.EFBIG]: ['DiskFull', DISK_FULL],
  [errno.EAGAIN]: ['SandboxFailed', 'a program of the session has a lease on it (F_SETLEASE), and has been told to give it up (EAGAIN): try again in a moment, or end that program'],
  [errno.ENAMETOOLONG]: ['InvalidPath', 'a name in the path is longer than 255 bytes, or the path longer than 4095'],
  [errno.ELOOP]: ['InvalidPath', 'too many symbolic links'],
  [errno.EROFS]: ['InvalidPath', 'it is read-only'],
  [errno.EACCES]: ['InvalidPath', 'permission denied'],
  [errno.EPERM]: ['InvalidPath', 'permission denied'],
};

export function nameOf(number: number): string {
  return names.get(number) ?? `error ${number}`;
}

/** The name of each number. Where a number has several, the first is the usual one: EAGAIN, SIGABRT. */
export function namesOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).reverse().map(([name, number]) => [number, name]));
}

/** The error of a file command. */
export function fileError(number: number, path: string): ProtocolError {
  const [kind, words] = ofFiles[number] ?? ['SandboxFailed', `the sandbox could not do it: ${nameOf(number)}`];
  return new ProtocolError(kind, `${path}: ${words}`, { path });
}

/** At what an agent was when a program could not be started: as in server/agent/src/agent.h. */
const Stage = { start: 0, fork: 1, directory: 2, program: 3, terminal: 4 } as const;

/** What the kernel means when it does not execute a program. */
const ofPrograms: Readonly<Partial<Record<number, string>>> = {
  [errno.ENOENT]: 'there is no such program, or the loader or interpreter that it names is not there',
  [errno.EACCES]: 'permission denied',
  [errno.ENOEXEC]: 'exec format error: it is made for machines of another kind (architecture) than this one, or it is no program',
};

/** The error of a program that could not be started. */
export function startError(number: number, stage: number, program: string, cwd: string): ProtocolError {
  const why = nameOf(number);
  if (stage === Stage.directory) {
    const kind = number === errno.ENOTDIR ? 'WrongFileType' : number === ENOENT ? 'FileNotFound' : 'InvalidPath';
    return new ProtocolError(kind, `the working directory ${cwd} ${number === ENOENT ? 'does not exist' : `can't be entered: ${why}`}`, { path: cwd });
  }
  if (number === errno.E2BIG) return tooLong();
  if (number === errno.EAGAIN) return failed(`no further process can be started (${why}): end what runs in the session, or raise limits.pids`, why);
  if (number === errno.ENOMEM) return failed(`there is not enough memory to start a program (${why}): end what runs in the session, or raise limits.memoryBytes`, why);
  if (number === errno.EMFILE || number === errno.ENFILE) return failed(`too many files are open in the sandbox to start a program (${why}): end what runs in the session`, why);
  if (stage !== Stage.program) return failed(`the program could not be started: ${why}`, why);
  if (number === ENOENT && program === SHELL) {
    return new ProtocolError('LanguageUnsupported', `this sandbox has no shell: there is no ${SHELL} in it (${why}), or the loader that it names is not there; use another image, or run source code with command/runCode`, { errno: why });
  }
  const words = ofPrograms[number];
  return failed(`${program} can't be executed: ${why}${words === undefined ? '' : `, ${words}`}`, why);
}

/** What runs command lines. */
export const SHELL = '/bin/sh';

/** Linux takes so much of one argument or variable, its NUL included. */
export const MAX_WORD_BYTES = 128 * 1024;

export function tooLong(): ProtocolError {
  return invalidParam('command', `the command line and the environment are longer than the kernel takes (E2BIG): each argument and variable may have ${MAX_WORD_BYTES - 1} bytes, all together about 2 MiB; put the text into a file, or send it on stdin`);
}

function failed(message: string, why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', message, { errno: why });
}
