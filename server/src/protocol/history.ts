/** The shapes of the history: what ran, how it is found again, and how it is run again. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { ProgressToken } from './lifecycle.ts';
import { Installed, ManagerId, MissingModule } from './packages.ts';
import { Phase } from './commands.ts';
import { CommandUsage, count, Execution, executionNotes, Network, PartialLimits, positive, TextEncoding } from './values.ts';
import type { ShapeNotes } from './note.ts';

export const HistoryConfig = later(() => z.strictObject({
  enabled: z.optional(z.boolean()),
  keepDays: z.optional(positive()),
  maxEntries: z.optional(positive()),
  maxBytes: z.optional(positive()),
  code: z.optional(z.enum(['hash', 'keep'])),
}));
export type HistoryConfig = z.infer<typeof HistoryConfig>;

/** How an execution ended that was answered with an error. */
export const FAILED = 'failed';

/** The values of `outcome` are those of an execution, and `failed`. A newer daemon may know others. */
export const HistoryEntry = later(() => z.object({
  entryId: z.string(),
  at: z.string(),
  sessionId: z.string(),
  label: z.optional(z.string()),
  method: z.string(),
  language: z.optional(z.string()),
  runtime: z.string(),
  image: z.optional(z.string()),
  path: z.optional(z.string()),
  uri: z.optional(z.string()),
  cwd: z.optional(z.string()),
  args: z.optional(z.array(z.string())),
  codeSha256: z.optional(z.string()),
  codeBytes: z.optional(count()),
  code: z.optional(z.string()),
  command: z.optional(z.union([z.string(), z.array(z.string())])),
  manager: z.optional(z.string()),
  packages: z.optional(z.array(z.string())),
  manifest: z.optional(z.string()),
  redacted: z.optional(z.boolean()),
  outcome: z.string(),
  error: z.optional(z.string()),
  exitCode: z.nullable(z.number()),
  signal: z.nullable(z.string()),
  durationMs: z.number(),
  stdoutBytes: count(),
  stderrBytes: count(),
  usage: z.optional(CommandUsage),
  client: z.optional(z.object({ name: z.string(), version: z.optional(z.string()) })),
  workspace: z.optional(z.object({ uri: z.string(), access: z.string() })),
  network: z.optional(Network),
  limits: z.optional(PartialLimits),
}));
export type HistoryEntry = z.infer<typeof HistoryEntry>;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/;
const time = () => z.string().check(z.regex(TIME, 'must be a time in ISO 8601, in UTC, such as 2026-11-29T18:00:00Z'));
const id = () => z.string().check(z.minLength(1), z.maxLength(200));
const MOST_ENTRIES = 1000;

export const HistoryListParams = later(() => z.object({
  sessionId: z.optional(id()),
  since: z.optional(time()),
  until: z.optional(time()),
  outcome: z.optional(z.string().check(z.maxLength(100))),
  language: z.optional(z.string().check(z.maxLength(100))),
  runtime: z.optional(z.string().check(z.maxLength(100))),
  before: z.optional(id()),
  limit: z.optional(z.int().check(z.gte(1), z.lte(MOST_ENTRIES))),
}));
export type HistoryListParams = z.infer<typeof HistoryListParams>;
export const HistoryListResult = later(() => z.object({ entries: z.array(HistoryEntry), unreadable: z.optional(count()) }));
export type HistoryListResult = z.infer<typeof HistoryListResult>;

export const HistoryRerunParams = later(() => z.object({
  entryId: id(),
  sessionId: z.optional(id()),
  code: z.optional(z.string()),
  command: z.optional(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
  commandId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  outputEncoding: z.optional(TextEncoding),
  timeoutMs: z.optional(count()),
  workDoneToken: z.optional(ProgressToken),
}));
export type HistoryRerunParams = z.infer<typeof HistoryRerunParams>;

/** What the method gave that was run again, and the session. */
export const HistoryRerunResult = later(() => z.extend(Execution, {
  sessionId: z.string(),
  language: z.optional(LanguageId),
  phases: z.optional(z.array(Phase)),
  missing: z.optional(MissingModule),
  manager: z.optional(ManagerId),
  installed: z.optional(z.array(Installed)),
  cached: z.optional(z.boolean()),
}));

export const HistoryClearParams = later(() => z.object({ before: z.optional(time()) }));
export const HistoryClearResult = later(() => z.object({ removed: count() }));

/** The notes of these shapes (see notes.ts). */
export const historyNotes = (): ShapeNotes => ({
  HistoryConfig: {
    '': 'The history: what ran and how it ended, in `history` of `stateDir`. Only the configuration file may have it.',
    enabled: 'Whether it is kept. Default: true.',
    keepDays: 'What is older is removed. Default: 90.',
    maxEntries: 'So many executions are kept at most; the oldest are removed. Default: 10 000.',
    maxBytes: 'The most that the history may take; the oldest entries are removed. Default: 32 MiB.',
    code: 'What is kept of code and command lines: their digest and their size (`hash`), or also the text, if it has at most 256 KiB (`keep`). Default: `hash`.',
  },
  HistoryEntry: {
    '': 'One execution that has ended. No variables, no input and no output are kept, and secrets of the session are taken out of every text.',
    entryId: 'The id of the entry.',
    at: 'When it ended.',
    sessionId: 'The session in which it ran, which may be closed.',
    method: '`command/runCode`, `command/executeShell` or `command/installPackages`.',
    language: 'The language that was run, else that of the session.',
    runtime: 'The id of the runtime.',
    image: 'The image that the client named for the session.',
    uri: 'Where the client has the file, if it said so. With a fragment, only a part of it ran.',
    args: 'The arguments of the program, if they have at most 64 KiB.',
    codeSha256: 'The SHA-256 of the code, or of the command; the words of a command are joined with NUL. Absent where the file that ran was not read.',
    codeBytes: 'How long the code or the command is.',
    code: 'The code, where the configuration keeps it.',
    command: 'The command line, or the words of a command, where the configuration keeps them.',
    redacted: 'True if something that was a secret of the session stands as `***`.',
    outcome: 'The outcome of the [Execution](#execution), or `failed` if the request was answered with an error.',
    error: 'The kind of that error.',
    exitCode: 'The exit code, or null, as in [Execution](#execution).',
    signal: 'The signal, or null, as in [Execution](#execution).',
    stdoutBytes: 'How much it printed.',
    stderrBytes: 'How much it printed on stderr.',
    workspace: 'The folder that the session shared.',
    network: 'What the session asked to reach.',
    limits: 'The limits that the session asked for.',
  },
  HistoryListParams: {
    sessionId: 'Only executions of this session.',
    since: 'Only what ended at this time or later.',
    until: 'Only what ended before this time.',
    outcome: 'Only executions that ended in this way.',
    language: 'Only this language.',
    runtime: 'Only this runtime.',
    before: 'Only what stands after this entry in the list: the last entry of one answer gives the next one.',
    limit: 'How many entries are given at most. Default: 100. The most: 1000.',
  },
  HistoryListResult: {
    entries: 'The latest one first.',
    unreadable: 'How many lines could not be read, because they are damaged or because a newer CodeBeaker has written them. Absent: none.',
  },
  HistoryRerunParams: {
    entryId: 'The entry.',
    sessionId: 'The session in which it runs. Default: one like the first, which is closed afterwards.',
    code: 'The code, if it was not kept. Its digest must be that of the entry.',
    command: 'The command, if it was not kept. Its digest must be that of the entry.',
    commandId: 'As in `command/executeShell`: with it the output is streamed.',
    outputEncoding: 'How output is encoded. Default: `utf-8`.',
    timeoutMs: 'As in `command/executeShell`.',
    workDoneToken: 'A token for `$/progress`, as in LSP, while the session is made or packages are installed.',
  },
  HistoryRerunResult: {
    ...executionNotes(),
    sessionId: 'The session in which it ran.',
    phases: 'As in the result of `command/runCode`.',
    manager: 'As in the result of `command/installPackages`.',
    installed: 'As in the result of `command/installPackages`.',
    cached: 'As in the result of `command/installPackages`.',
    missing: 'As in the result of `command/runCode`.',
  },
  HistoryClearParams: { before: 'Only what ended before this time is removed. Default: everything.' },
  HistoryClearResult: { removed: 'How many entries were removed.' },
});
