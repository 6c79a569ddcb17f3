/** The contract of the files of a sandbox. */
import type { DirectoryEntry } from '../protocol/index.ts';

/**
 * The file commands. Every path is absolute, without `.` and `..`, and is /workspace or /tmp or below one of them.
 * All reject with ProtocolError: FileNotFound, FileExists, WrongFileType, DiskFull, InvalidPath, FileTooLarge, SandboxLost.
 */
export interface Files {
  /** Makes the directories on the way to `path` where they are missing. If iterating `content` fails, so does this, and nothing of a new file is left; one that was there stays as it was where it can be replaced as a whole, and else keeps what had come. */
  write(path: string, content: Buffer | AsyncIterable<Buffer>, options: WriteOptions): Promise<void>;
  /** Reads `length` bytes from `offset`, or up to the end of the file. `length` undefined: up to the end; more than MAX_FILE_BYTES is then FileTooLarge. `length` is never more. */
  read(path: string, offset: number, length: number | undefined): Promise<FileContent>;
  /** Resolves with true where it made the directory, and false where it existed. `recursive`: the directories on the way to it, too. */
  createDirectory(path: string, recursive: boolean): Promise<boolean>;
  /** Copies a file, or with `recursive` a directory. Without `overwrite` it is FileExists where `destination` exists. */
  copy(source: string, destination: string, options: { recursive: boolean; overwrite: boolean }): Promise<void>;
  /** Resolves with whether something was deleted. If nothing is there, that is FileNotFound without `force`, and false with it. */
  delete(path: string, options: { recursive: boolean; force: boolean }): Promise<boolean>;
  /** The first `limit` of the entries that `accept` wants, sorted by path. `truncated`: there are more than `limit`, or too many to look at. */
  list(path: string, options: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }>;
}

export interface WriteOptions {
  /** `create` is FileExists where the file exists. The other two create it where it does not. */
  readonly mode: 'overwrite' | 'create' | 'append';
  /** Whether the file is to be executable. undefined: as it was, and for a new file no. */
  readonly executable: boolean | undefined;
}

export interface FileContent {
  readonly bytes: Buffer;
  /** The size of the whole file, in bytes. */
  readonly size: number;
}

export interface ListOptions {
  /** Also what is in the directories below. */
  readonly recursive: boolean;
  /** How many entries at the most. */
  readonly limit: number;
  /** Whether an entry is wanted. It is called with the path below the listed directory. */
  accept(relativePath: string): boolean;
}

/** One message carries at most this much file content. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;

