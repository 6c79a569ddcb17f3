/** Shapes that several methods share. Sizes are bytes, durations milliseconds, times ISO 8601 in UTC. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';

export const count = () => z.int().check(z.nonnegative());
export const positive = () => z.int().check(z.positive());
const oneOf = <const T extends readonly string[]>(...names: T) => z.enum(names);

/** One mechanism that keeps the code inside. `state` is what was found in force, not what was asked for. */
export const Layer = later(() => z.object({
  name: z.string(),
  state: oneOf('enforced', 'degraded', 'off'),
  detail: z.optional(z.string()),
}));
export type Layer = z.infer<typeof Layer>;

/** `score` runs from 0 (no boundary) to 10 (a machine of its own). */
export const Isolation = later(() => z.object({ score: z.number(), layers: z.array(Layer) }));
export type Isolation = z.infer<typeof Isolation>;

/** What a session's code may use. `timeoutMs` 0 means no time limit. */
export const Limits = later(() => z.object({
  memoryBytes: positive(),
  cpus: z.number().check(z.positive()),
  pids: positive(),
  diskBytes: positive(),
  outputBytes: positive(),
  timeoutMs: count(),
}));
export type Limits = z.infer<typeof Limits>;
export const PartialLimits = later(() => z.partial(Limits));
export type PartialLimits = z.infer<typeof PartialLimits>;

export const Network = later(() => z.object({
  mode: oneOf('none', 'allowlist', 'full'),
  hosts: z.optional(z.array(z.string())),
}));
export type Network = z.infer<typeof Network>;

export const Preference = oneOf('speed', 'security', 'memory', 'balanced');
export type Preference = z.infer<typeof Preference>;

export const RuntimeInfo = later(() => z.object({
  id: z.string(),
  available: z.boolean(),
  reason: z.optional(z.string()),
  version: z.optional(z.string()),
  languages: z.array(
    z.object({ id: LanguageId, version: z.optional(z.string()), image: z.optional(z.string()) }),
  ),
  isolation: Isolation,
  startup: z.object({ coldMs: z.number(), warmMs: z.number(), measured: z.boolean() }),
  memoryBytes: z.number(),
  measuredAt: z.optional(z.string()),
}));
export type RuntimeInfo = z.infer<typeof RuntimeInfo>;

/** Environment of a program: names are POSIX identifiers, values any text without NUL. */
export const Environment = later(() => z.record(
  z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name is letters, digits and _')),
  z.string().check(z.regex(/^[^\0]*$/, 'a value cannot hold NUL')),
));
export type Environment = z.infer<typeof Environment>;

export const TextEncoding = oneOf('utf-8', 'base64');
export type TextEncoding = z.infer<typeof TextEncoding>;

export const Signal = later(() => z.string().check(z.regex(/^SIG[A-Z0-9+-]+$/, 'a POSIX name such as SIGINT')));

/** `peakMemoryBytes` is the highest use of the whole sandbox so far; `cpuMs` is the command's own. */
export const CommandUsage = later(() => z.object({ cpuMs: z.number(), peakMemoryBytes: z.number() }));
export type CommandUsage = z.infer<typeof CommandUsage>;

export const Outcome = oneOf(
  'exited',
  'signaled',
  'cancelled',
  'timedOut',
  'memoryLimit',
  'outputLimit',
  'sandboxLost',
);
export type Outcome = z.infer<typeof Outcome>;

/** How a program ended. `exitCode` and `signal` are never both set; both are null when nobody can know. */
export const Execution = later(() => z.object({
  commandId: z.string(),
  outcome: Outcome,
  exitCode: z.nullable(z.number()),
  signal: z.nullable(z.string()),
  stdout: z.optional(z.string()),
  stderr: z.optional(z.string()),
  stdoutBytes: count(),
  stderrBytes: count(),
  truncated: z.boolean(),
  durationMs: z.number(),
  usage: z.optional(CommandUsage),
}));
export type Execution = z.infer<typeof Execution>;

export const SessionState = oneOf('ready', 'busy', 'closing', 'closed');
export type SessionState = z.infer<typeof SessionState>;

export const CloseReason = oneOf('client', 'idle', 'lifetime', 'sandboxLost', 'shutdown');
export type CloseReason = z.infer<typeof CloseReason>;

/** The limits in force are `limits`; `usage` sums the session's finished commands. */
export const Session = later(() => z.object({
  sessionId: z.string(),
  label: z.optional(z.string()),
  language: z.optional(LanguageId),
  runtime: z.string(),
  image: z.optional(z.string()),
  state: SessionState,
  warm: z.boolean(),
  workspace: z.literal('/workspace'),
  createdAt: z.string(),
  lastActiveAt: z.string(),
  expiresAt: z.string(),
  idleTimeoutMs: count(),
  maxLifetimeMs: count(),
  limits: Limits,
  network: Network,
  isolation: Isolation,
  commandCount: count(),
  usage: CommandUsage,
}));
export type Session = z.infer<typeof Session>;

/** What the fields mean (see notes.ts). */
export const valuesNotes: ShapeNotes = {
  RuntimeInfo: {
    '': 'A way to make sandboxes, available here or not.',
    id: '`docker`, `gvisor`, `deno`, `bun`, `native`, …',
    reason: 'Why it is not available, in words.',
    memoryBytes: 'What an idle sandbox costs.',
    startup: '`coldMs`: making a sandbox. `warmMs`: the first word, or the end, of the first program in it. `measured`: both on this host, else built-in estimates.',
    measuredAt: 'Of the latest measurement that is in these numbers.',
  },
  Isolation: {
    '': 'How strong the boundary is, as found and not as asked for.',
    score: 'From 0, no boundary, to 10, a machine of its own.',
  },
  Layer: {
    '': 'One mechanism of the boundary.',
    detail: 'What was found, in words.',
  },
  Limits: {
    '': 'What the code of a session may use.',
    memoryBytes: 'Default: 512 MiB.',
    cpus: 'Default: 1.',
    pids: 'Processes and threads. Default: 256.',
    diskBytes: '`/workspace` and what else can be written. Default: 256 MiB.',
    outputBytes: 'Of one command. Default: 16 MiB.',
    timeoutMs: 'Of one command. 0: none. Default: 600 000.',
  },
  PartialLimits: { '': 'Limits, of which any may be left out.' },
  Network: {
    '': 'What the sandbox can reach.',
    mode: 'Default: `none`.',
    hosts: 'For `allowlist`. Empty means none.',
  },
  CommandUsage: {
    '': 'What running took.',
    peakMemoryBytes: 'The highest use of the whole sandbox so far. 0 where it is not known.',
  },
  Environment: { '': 'Names are POSIX identifiers; values hold no NUL.' },
  Signal: { '': 'A POSIX signal name.' },
  Outcome: { '': 'How a program ended. When several causes meet, the first.' },
  Session: {
    '': 'A sandbox with an identity. Times are ISO 8601 in UTC.',
    warm: 'Whether it came from a pool.',
    expiresAt: 'When it will be closed if nothing more happens.',
    limits: 'Those in force.',
    usage: 'The sum over its finished commands.',
  },
  Execution: {
    '': 'How a command ended. A program that fails is a result and no error.',
    exitCode: 'null unless `outcome` is `exited`, or where it cannot be known.',
    signal: 'What ended it, if a signal did.',
    stdout: 'Up to 1 MiB. Absent when output was streamed.',
    stderr: 'Up to 1 MiB. Absent when output was streamed.',
    stdoutBytes: 'All that the program wrote, shown or not.',
    stderrBytes: 'All that the program wrote, shown or not.',
    truncated: 'Whether output was left out.',
  },
};
