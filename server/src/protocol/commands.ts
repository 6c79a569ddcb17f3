/** Typed commands and their output (protocol section 5). Every command names the session it acts in. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import { sessionId } from './sessions.ts';
import { count, Environment, Execution, LanguageId, Outcome, positive, Signal, TextEncoding } from './values.ts';

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
