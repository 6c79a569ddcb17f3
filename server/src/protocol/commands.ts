/** The shapes of commands and of their output. */
import * as z from 'zod/mini';
import { OutputStreams, streamNumber } from './channels.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { sessionId } from './sessions.ts';
import { MissingModule } from './packages.ts';
import { count, Environment, Execution, executionNotes, Outcome, positive, Signal, TextEncoding, terminalSize } from './values.ts';
import type { Notes, ShapeNotes } from './note.ts';

const path = () => z.string();
const flag = () => z.optional(z.boolean());

export const WriteFileParams = later(() => z.object({
  sessionId: sessionId(),
  path: path(),
  content: z.string(),
  stream: z.optional(streamNumber()),
  encoding: z.optional(TextEncoding),
  mode: z.optional(z.enum(['overwrite', 'create', 'append'])),
  executable: flag(),
}));
export type WriteFileParams = z.infer<typeof WriteFileParams>;
export const WriteFileResult = later(() => z.object({ path: path(), bytes: count(), sha256: z.optional(z.string()) }));

export const ReadFileParams = later(() => z.object({
  sessionId: sessionId(),
  path: path(),
  encoding: z.optional(TextEncoding),
  offset: z.optional(count()),
  length: z.optional(count()),
  stream: z.optional(streamNumber()),
}));
export type ReadFileParams = z.infer<typeof ReadFileParams>;
export const ReadFileResult = later(() => z.object({
  path: path(),
  content: z.string(),
  encoding: TextEncoding,
  size: count(),
  eof: z.boolean(),
  bytes: z.optional(count()),
}));

export const CreateDirectoryParams = later(() => z.object({ sessionId: sessionId(), path: path(), recursive: flag() }));
export const CreateDirectoryResult = later(() => z.object({ path: path(), created: z.boolean() }));

export const CopyFileParams = later(() => z.object({
  sessionId: sessionId(),
  source: path(),
  destination: path(),
  recursive: flag(),
  overwrite: flag(),
}));
export const CopyFileResult = later(() => z.object({ source: path(), destination: path() }));

export const DeleteFileParams = later(() => z.object({
  sessionId: sessionId(),
  path: path(),
  recursive: flag(),
  force: flag(),
}));
export const DeleteFileResult = later(() => z.object({ path: path(), deleted: z.boolean() }));

export const ListDirectoryParams = later(() => z.object({
  sessionId: sessionId(),
  path: z.optional(path()),
  recursive: flag(),
  pattern: z.optional(z.string().check(z.maxLength(1000))),
  limit: z.optional(positive()),
}));
export type ListDirectoryParams = z.infer<typeof ListDirectoryParams>;

export const DirectoryEntry = later(() => z.object({
  name: z.string(),
  path: path(),
  type: z.enum(['file', 'directory', 'symlink', 'other']),
  size: count(),
  mtimeMs: z.number(),
  mode: z.int(),
}));
export type DirectoryEntry = z.infer<typeof DirectoryEntry>;
export const ListDirectoryResult = later(() => z.object({
  path: path(),
  entries: z.array(DirectoryEntry),
  truncated: z.boolean(),
}));

/** The params that all methods which run a program have in common. */
const execution = () => ({
  sessionId: sessionId(),
  cwd: z.optional(path()),
  env: z.optional(Environment),
  stdin: z.optional(z.string()),
  interactive: flag(),
  pty: z.optional(terminalSize()),
  stderrToStdout: flag(),
  timeoutMs: z.optional(count()),
  commandId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  outputEncoding: z.optional(TextEncoding),
  outputStreams: z.optional(OutputStreams),
});

const argument = () => z.string().check(z.regex(/^[^\0]*$/, 'an argument cannot contain NUL'));

export const ExecuteShellParams = later(() => z.object({
  command: z.union([argument(), z.array(argument()).check(z.minLength(1))]),
  ...execution(),
}));
export type ExecuteShellParams = z.infer<typeof ExecuteShellParams>;

export const RunCodeParams = later(() => z.object({
  code: z.optional(z.string()),
  path: z.optional(path()),
  language: z.optional(LanguageId),
  args: z.optional(z.array(argument())),
  uri: z.optional(z.string()),
  ...execution(),
}));
export type RunCodeParams = z.infer<typeof RunCodeParams>;

export const Phase = later(() => z.object({
  name: z.enum(['compile', 'run']),
  outcome: Outcome,
  exitCode: z.nullable(z.number()),
  signal: z.nullable(z.string()),
  durationMs: z.number(),
}));
export type Phase = z.infer<typeof Phase>;

export const RunCodeResult = later(() => z.extend(Execution, { language: LanguageId, phases: z.array(Phase), missing: z.optional(MissingModule) }));
export type RunCodeResult = z.infer<typeof RunCodeResult>;

export const CommandOutputParams = later(() => z.object({
  commandId: z.string(),
  stream: z.enum(['stdout', 'stderr', 'pty']),
  seq: count(),
  data: z.string(),
  encoding: TextEncoding,
}));
export type CommandOutputParams = z.infer<typeof CommandOutputParams>;

export const CommandAckParams = later(() => z.object({ commandId: z.string(), seq: count() }));
export const CommandInputParams = later(() => z.object({
  commandId: z.string(),
  data: z.string(),
  encoding: z.optional(TextEncoding),
  end: flag(),
}));
export const CommandDrainParams = later(() => z.object({ commandId: z.string() }));
export const CommandResizeParams = later(() => z.extend(terminalSize(), { commandId: z.string() }));
export const CommandSignalParams = later(() => z.object({ commandId: z.string(), signal: Signal }));

const programNotes = (): Notes => ({
  cwd: 'The working directory: a path relative to `/workspace`, or an absolute path under `/workspace` or `/tmp`. It must exist. Default: `/workspace`.',
  env: 'Environment variables, in addition to those of the session.',
  stdin: 'The whole input of the program. It cannot be combined with `interactive` or `pty`. Default: empty.',
  interactive: 'Whether stdin stays open for `command/input`. Default: false.',
  pty: 'The size of a terminal in which the program runs, instead of with pipes. Its output is then one stream, `pty`, and its input comes from `command/input`.',
  stderrToStdout: 'Whether the program’s stderr is its stdout, as after `2>&1`: what it writes to either comes as `stdout`, in the order in which it was written, and nothing comes as `stderr`. It changes nothing on a terminal, which has one stream. Default: false.',
  timeoutMs: 'The command is ended after this time, with the outcome `timedOut`. It can only shorten the session’s `limits.timeoutMs`, which is the default and also holds for 0.',
  commandId: 'An id that the client chooses and that no running command has. With it the output is streamed in `command/output` and is not in the result. Default: the daemon chooses an id, and the output is in the result.',
  outputEncoding: 'How output is encoded, in `command/output` and in `stdout` and `stderr` of the result. With `utf-8`, bytes that are not valid UTF-8 become U+FFFD; with `base64` every byte is kept. Default: `utf-8`.',
  outputStreams: 'Streams of the data channel to which output goes as raw bytes.',
});

/** The notes of these shapes (see notes.ts). */
export const commandsNotes = (): ShapeNotes => ({
  WriteFileParams: {
    content: 'The content, at most 32 MiB. A larger file is written in pieces, with mode `append`, or over the data channel.',
    stream: 'The stream of the data channel over which the client sends the content as raw bytes, of any size; `content` is empty then. If the stream is given up, a file that is replaced stays as it was; what is appended, or written where the file is, such as through a link, keeps what had come.',
    encoding: 'The encoding of `content`. Default: `utf-8`.',
    mode: '`overwrite` replaces the content of a file that exists, `append` adds to it, and `create` fails (1022) if the file exists. Default: `overwrite`.',
    executable: 'Whether the execute bits are set or cleared. Default: they stay as they are.',
  },
  WriteFileResult: { path: 'The absolute path of the file.', bytes: 'How many bytes were written.', sha256: 'The SHA-256 of what came over the stream, in hexadecimal.' },
  ReadFileParams: {
    encoding: 'The encoding in which `content` is wanted. Default: `utf-8`. Bytes that are not valid UTF-8 are sent as `base64` in any case.',
    offset: 'Where reading starts, in bytes. Default: 0.',
    length: 'How many bytes to read at most. Default: to the end of the file. If there are more than 32 MiB to read, that is error 1024, unless it is sent over a stream.',
    stream: 'The stream of the data channel over which the content is sent as raw bytes, of any size. The result, whose `content` is empty, may come before all of them.',
  },
  ReadFileResult: {
    path: 'The absolute path of the file.',
    encoding: 'The encoding of `content`.',
    size: 'The size of the whole file, in bytes.',
    eof: 'Whether what was read reaches to the end of the file.',
    bytes: 'How many bytes were sent over the stream.',
  },
  CreateDirectoryParams: { recursive: 'Whether missing directories above it are created too. Default: true.' },
  CreateDirectoryResult: { path: 'The absolute path of the directory.', created: 'False if the directory existed already.' },
  CopyFileParams: {
    source: 'A path, as in the other file commands.',
    destination: 'A path, as in the other file commands.',
    recursive: 'Required for a directory. Default: false.',
    overwrite: 'Whether a file that exists at the destination is replaced. Default: true.',
  },
  CopyFileResult: { source: 'The absolute path of the source.', destination: 'The absolute path of the destination.' },
  DeleteFileParams: {
    recursive: 'Required for a directory that is not empty. Default: false.',
    force: 'If true, it is no error if the file does not exist. Default: false.',
  },
  DeleteFileResult: { path: 'The absolute path.', deleted: 'False if nothing existed at the path.' },
  ListDirectoryParams: {
    path: 'The directory. Default: `/workspace`.',
    recursive: 'Whether the directories in it are listed too. Default: false.',
    pattern: 'A glob. Only entries whose path below the listed directory matches it are listed. A glob without a slash is compared with the name alone. Default: everything is listed.',
    limit: 'How many entries are listed at most: the first ones in the order of their paths. Default: 10 000.',
  },
  ListDirectoryResult: { path: 'The absolute path of the directory.', truncated: 'Whether entries were left out: because of `limit`, or because a directory in it can’t be read.' },
  DirectoryEntry: {
    '': 'A file, a directory, a symbolic link, or something else. Links are not followed.',
    path: 'The absolute path. A byte in a name that is not UTF-8 is written as the character U+10FE00 and the value of the byte, such as U+10FEFF for 0xFF, and so is each byte of such a character. Paths in params and the words of a command are read in the same way.',
    size: 'In bytes.',
    mtimeMs: 'The time of the last modification, in milliseconds since the epoch.',
    mode: 'The permission bits.',
  },
  ExecuteShellParams: { ...programNotes(), command: 'A string is a command line for `sh`. An array is a program and its arguments, which no shell interprets.' },
  RunCodeParams: {
    ...programNotes(),
    code: 'The source code as text. Exactly one of `code` and `path` is required.',
    path: 'A source file in the sandbox. Exactly one of `code` and `path` is required. In Go and C#, files beside it that belong to the same program are compiled with it. A shell script is run by the interpreter that its first line names, if the sandbox has that, else by `sh`.',
    language: 'In which language the file is run, whatever its extension is. Default: the language of the extension of `path`, else that of the session.',
    args: 'The arguments of the program.',
    uri: 'Where the client has the file that is run, for the history. A fragment says that only a part of it is run. The daemon does not look at it.',
  },
  RunCodeResult: { ...executionNotes(), language: 'The language that was run.', phases: 'The steps, in order.', missing: 'What the program lacked, if it failed because of a module that a package has, and the session can have packages. Default: nothing is known.' },
  Phase: {
    '': 'One step of running source code: `compile`, where the language requires it, then `run`.',
    exitCode: 'The exit code, or null, as in [Execution](#execution).',
    signal: 'The signal, or null, as in [Execution](#execution).',
  },
  CommandOutputParams: {
    seq: 'The number of this message, counted from 0 for each command.',
    encoding: 'The encoding of `data`: the command’s `outputEncoding`.',
  },
  CommandAckParams: { seq: 'The number of a `command/output` that the client has consumed, together with all before it.' },
  CommandInputParams: {
    encoding: 'The encoding of `data`. Default: `utf-8`.',
    end: 'Whether stdin is closed after `data`. Default: false.',
  },
});
