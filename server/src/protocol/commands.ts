/** Typed commands and their output (protocol section 5). Every command names the session it acts in. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { sessionId } from './sessions.ts';
import { count, Environment, Execution, Outcome, positive, Signal, TextEncoding } from './values.ts';
import type { Notes, ShapeNotes } from './note.ts';

const path = () => z.string();
const flag = () => z.optional(z.boolean());

export const WriteFileParams = later(() => z.object({
  sessionId: sessionId(),
  path: path(),
  content: z.string(),
  encoding: z.optional(TextEncoding),
  mode: z.optional(z.enum(['overwrite', 'create', 'append'])),
  executable: flag(),
}));
export type WriteFileParams = z.infer<typeof WriteFileParams>;
export const WriteFileResult = later(() => z.object({ path: path(), bytes: count() }));

export const ReadFileParams = later(() => z.object({
  sessionId: sessionId(),
  path: path(),
  encoding: z.optional(TextEncoding),
  offset: z.optional(count()),
  length: z.optional(count()),
}));
export type ReadFileParams = z.infer<typeof ReadFileParams>;
export const ReadFileResult = later(() => z.object({
  path: path(),
  content: z.string(),
  encoding: TextEncoding,
  size: count(),
  eof: z.boolean(),
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

const size = () => z.int().check(z.minimum(1), z.maximum(10_000));

/** What every execution takes, whatever it runs. */
const execution = () => ({
  sessionId: sessionId(),
  cwd: z.optional(path()),
  env: z.optional(Environment),
  stdin: z.optional(z.string()),
  interactive: flag(),
  pty: z.optional(z.object({ cols: size(), rows: size() })),
  timeoutMs: z.optional(count()),
  commandId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  outputEncoding: z.optional(TextEncoding),
});

const argument = () => z.string().check(z.regex(/^[^\0]*$/, 'an argument cannot hold NUL'));

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
  ...execution(),
}));
export type RunCodeParams = z.infer<typeof RunCodeParams>;

/** One step of running a program: `compile` where there is one, then `run`. */
export const Phase = later(() => z.object({
  name: z.enum(['compile', 'run']),
  outcome: Outcome,
  exitCode: z.nullable(z.number()),
  signal: z.nullable(z.string()),
  durationMs: z.number(),
}));
export type Phase = z.infer<typeof Phase>;

export const RunCodeResult = later(() => z.extend(Execution, { language: LanguageId, phases: z.array(Phase) }));
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
export const CommandResizeParams = later(() => z.object({ commandId: z.string(), cols: size(), rows: size() }));
export const CommandSignalParams = later(() => z.object({ commandId: z.string(), signal: Signal }));
export const CommandRequestInputParams = later(() => z.object({ commandId: z.string(), prompt: z.string() }));
export const CommandRequestInputResult = later(() => z.nullable(z.object({ data: z.string(), end: flag() })));

const executionNotes: Notes = {
  sessionId: 'Where it runs.',
  cwd: 'A directory: a path like any other. Default: `/workspace`.',
  env: 'Added to the environment of the session.',
  stdin: 'All that the program can read. Without it, and unless interactive, stdin is empty.',
  interactive: 'stdin stays open for `command/input`. Default: false.',
  pty: 'A terminal of this size instead of pipes: one output stream, `pty`.',
  timeoutMs: 'Default: the session’s limit. 0: none.',
  commandId: 'Chosen by the client; output is then streamed and is not in the result.',
  outputEncoding: 'How output is sent. Default: `utf-8`, in which what is no UTF-8 becomes U+FFFD.',
};

/** What the fields mean (see notes.ts). */
export const commandsNotes: ShapeNotes = {
  WriteFileParams: {
    content: 'At most 32 MiB; append the rest.',
    encoding: 'Of `content`. Default: `utf-8`.',
    mode: 'Default: `overwrite`. `create` fails where the file exists.',
    executable: 'Sets or clears the execute bits. Default: as it was.',
  },
  WriteFileResult: { bytes: 'How many were written.' },
  ReadFileParams: {
    encoding: 'Of the reply. Default: `utf-8` where the bytes are that, else `base64`.',
    offset: 'In bytes. Default: 0.',
    length: 'In bytes, at most 32 MiB. Default: to the end.',
  },
  ReadFileResult: {
    encoding: 'What `content` really is.',
    size: 'Of the whole file, in bytes.',
    eof: 'Whether the file ends here.',
  },
  CreateDirectoryParams: { recursive: 'Makes what is missing above it. Default: true.' },
  CopyFileParams: {
    source: 'As any path.',
    destination: 'As any path.',
    recursive: 'Needed for a directory. Default: false.',
    overwrite: 'Default: true.',
  },
  DeleteFileParams: {
    recursive: 'Needed for a directory that is not empty. Default: false.',
    force: 'A missing file is no error. Default: false.',
  },
  ListDirectoryParams: {
    path: 'Default: `/workspace`.',
    recursive: 'Default: false.',
    pattern: 'A glob on the path below the listed directory.',
    limit: 'Default: 10 000 entries.',
  },
  ListDirectoryResult: { truncated: 'Whether `limit` left entries out.' },
  DirectoryEntry: {
    '': 'A file, directory or link. Links are not followed.',
    path: 'Absolute.',
    mode: 'The permission bits.',
  },
  ExecuteShellParams: { ...executionNotes, command: 'A line for `sh`, or a program and its arguments.' },
  RunCodeParams: {
    ...executionNotes,
    code: 'The source text. Either this or `path`.',
    path: 'A file in the sandbox. Either this or `code`.',
    language: 'Default: the session’s.',
    args: 'What the program finds as its arguments.',
  },
  RunCodeResult: { phases: 'What was done, in order.' },
  Phase: { '': 'A step of running a program: `compile` where the language has it, then `run`.' },
  CommandOutputParams: {
    seq: 'Counts from 0 for each command.',
    encoding: 'Of `data`: `base64` when the command asked for it.',
  },
  CommandAckParams: { seq: 'The last one consumed; all before it are, too.' },
  CommandInputParams: {
    encoding: 'Of `data`. Default: `utf-8`.',
    end: 'Closes stdin after `data`.',
  },
};
