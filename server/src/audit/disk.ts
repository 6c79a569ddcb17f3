/** The files of the log as it writes them: made for the user alone, appended to, and cut only where a line could be written in part. */
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, lstatSync, openSync, writeSync } from 'node:fs';
import { makeFolders } from '../base/folders.ts';

export interface Appended {
  /** How many bytes were written, also if not all could be. */
  readonly written: number;
  readonly fault?: Error;
}

export interface AppendFile {
  append(bytes: Buffer): Appended;
  /** Leaves only the first `size` bytes. @throws the system's error */
  cut(size: number): void;
  /** Whether it still has a name: nobody has removed it. */
  isThere(): boolean;
  /** @throws the system's error */
  sync(): void;
  close(): void;
}

/** @throws the system's error, each function */
export interface Disk {
  /** Makes a folder that only this user may enter, and those above it. */
  makeFolder(path: string): void;
  /** Makes a file that is not there yet. */
  create(path: string): AppendFile;
  /** Opens a file, and makes it if it is not there. */
  open(path: string): AppendFile;
  /** Whether there is a file, and no folder, at the path. */
  isFile(path: string): boolean;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS_MAY_WRITE = 0o022;
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** `uid`: the user whose folders and files they must be; -1 if the operating system has no user ids. */
export function systemDisk(uid: number): Disk {
  return {
    makeFolder(path) {
      makeFolders(path, FOLDER_MODE);
      const status = lstatSync(path);
      if (!status.isDirectory() || (uid >= 0 && (status.uid !== uid || (status.mode & OTHERS_MAY_WRITE) !== 0))) throw foreign();
    },
    create: (path) => appendFile(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | NO_LINK, FILE_MODE)),
    open: (path) => appendFile(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | NO_LINK, FILE_MODE)),
    isFile(path) {
      try {
        return lstatSync(path).isFile();
      } catch {
        return false;
      }
    },
  };
}

function appendFile(fd: number): AppendFile {
  return {
    append(bytes) {
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(fd, bytes, written);
        return { written };
      } catch (fault) {
        return { written, fault: fault as Error };
      }
    },
    cut: (size) => {
      if (fstatSync(fd).size > size) ftruncateSync(fd, size);
    },
    isThere: () => fstatSync(fd).nlink > 0,
    sync: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
  };
}

function foreign(): Error {
  return Object.assign(new Error('the folder belongs to somebody else, or others may write to it'), { code: 'EACCES' });
}
