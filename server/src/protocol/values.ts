/** Shapes that several methods share. Sizes are in bytes, durations in milliseconds, and points in time are ISO 8601 in UTC. */
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import type { Notes, ShapeNotes } from './note.ts';

export const count = () => z.int().check(z.nonnegative());
export const positive = () => z.int().check(z.positive());
const characters = () => z.int().check(z.minimum(1), z.maximum(10_000));
/** Of a terminal, in characters. */
export const terminalSize = () => z.object({ cols: characters(), rows: characters() });
/** Of a file of the host. */
export const absolutePath = () => z.string().check(z.regex(/^(?:\/|[A-Za-z]:[\\/])/, 'must be an absolute path'));
const oneOf = <const T extends readonly string[]>(...names: T) => later(() => z.enum(names));

export const Layer = later(() => z.object({
  name: z.string(),
  state: oneOf('enforced', 'degraded', 'off'),
  detail: z.optional(z.string()),
}));
export type Layer = z.infer<typeof Layer>;

export const Isolation = later(() => z.object({ score: z.number(), layers: z.array(Layer) }));
export type Isolation = z.infer<typeof Isolation>;

export const Limits = later(() => z.object({
  memoryBytes: positive(),
  cpus: z.number().check(z.positive()),
  pids: positive(),
  diskBytes: positive(),
  outputBytes: positive(),
  timeoutMs: count(),
  packageBytes: positive(),
}));
export type Limits = z.infer<typeof Limits>;
export const PartialLimits = later(() => z.partial(Limits));
export type PartialLimits = z.infer<typeof PartialLimits>;

export const Network = later(() => z.object({
  mode: oneOf('none', 'allowlist', 'full'),
  hosts: z.optional(z.array(z.string().check(z.maxLength(300))).check(z.maxLength(1000))),
}));
export type Network = z.infer<typeof Network>;

export const Preference = oneOf('speed', 'security', 'memory', 'balanced');
export type Preference = z.infer<typeof Preference>;

export const Weakness = later(() => z.object({
  id: z.string(),
  component: z.string(),
  version: z.string(),
  state: oneOf('open', 'unknown', 'unreached'),
  allows: z.string(),
  why: z.optional(z.string()),
  fixedIn: z.array(z.string()),
  url: z.string(),
}));
export type Weakness = z.infer<typeof Weakness>;

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
  weaknesses: z.optional(z.array(Weakness)),
}));
export type RuntimeInfo = z.infer<typeof RuntimeInfo>;

export const Environment = later(() => keepingAll(z.record(
  z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a variable consists of letters, digits and _, and does not begin with a digit')),
  z.string().check(z.regex(/^[^\0]*$/, 'a value cannot contain NUL')),
)));
export type Environment = z.infer<typeof Environment>;

export const TextEncoding = oneOf('utf-8', 'base64');
export type TextEncoding = z.infer<typeof TextEncoding>;

export const Signal = later(() => z.string().check(z.regex(/^SIG[A-Z0-9+-]+$/, 'must be a POSIX name such as SIGINT')));

export const CommandUsage = later(() => z.object({ cpuMs: z.number(), peakMemoryBytes: z.number() }));
export type CommandUsage = z.infer<typeof CommandUsage>;

export const QuotaState = later(() => z.object({
  quota: z.string(),
  limit: z.number(),
  used: z.number(),
  resetsAt: z.optional(z.string()),
  betweenCommands: z.optional(z.boolean()),
}));
export type QuotaState = z.infer<typeof QuotaState>;

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

/** Invariant: at most one of `exitCode` and `signal` is set. */
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
  quota: z.optional(z.string()),
  durationMs: z.number(),
  usage: z.optional(CommandUsage),
}));
export type Execution = z.infer<typeof Execution>;

export const SessionState = oneOf('ready', 'busy', 'closing', 'closed');
export type SessionState = z.infer<typeof SessionState>;

export const CloseReason = oneOf('client', 'idle', 'lifetime', 'sandboxLost', 'shutdown', 'detached');
export type CloseReason = z.infer<typeof CloseReason>;

export const Severity = later(() => z.enum(['low', 'moderate', 'high', 'critical', 'unknown']));
export type Severity = z.infer<typeof Severity>;

export const Advisory = later(() => z.object({
  package: z.string(),
  version: z.optional(z.string()),
  id: z.string(),
  severity: Severity,
  summary: z.string(),
  url: z.optional(z.string()),
  fixedIn: z.optional(z.string()),
}));
export type Advisory = z.infer<typeof Advisory>;

export const Resumable = later(() => z.object({ graceMs: count(), resumeToken: z.optional(z.string()) }));
export type Resumable = z.infer<typeof Resumable>;

export const Session = later(() => z.object({
  sessionId: z.string(),
  label: z.optional(z.string()),
  language: z.optional(LanguageId),
  runtime: z.string(),
  runtimeReason: z.optional(z.string()),
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
  quotas: z.optional(z.array(QuotaState)),
  advisories: z.optional(z.array(Advisory)),
  resume: z.optional(Resumable),
}));
export type Session = z.infer<typeof Session>;

/** The notes of an execution, which the result of `command/runCode` has as well. */
export const executionNotes = (): Notes => ({
  outcome: 'How the command ended.',
  exitCode: 'The exit code of the last program that ran. null if a signal ended it, if the command was made to end (`cancelled`, `timedOut`, `outputLimit`), or if the code is not known.',
  signal: 'The signal that ended the last program that ran. null if none did.',
  stdout: 'The first 1 MiB of the output, in the encoding that the param `outputEncoding` names. Absent when the output was streamed.',
  stderr: 'The first 1 MiB of the error output, in the same encoding. Absent when the output was streamed.',
  stdoutBytes: 'How many bytes of output were taken from the program, also if they are not in this result.',
  stderrBytes: 'How many bytes of error output were taken from the program, also if they are not in this result.',
  truncated: 'Whether a part of the output was left out.',
  quota: 'The quota that was used up where the outcome is `outputLimit` or `timedOut`, such as `perDay.outputBytes`. Absent: it was the limit of the session or of the command.',
});

/** The notes of these shapes (see notes.ts). */
export const valuesNotes = (): ShapeNotes => ({
  RuntimeInfo: {
    '': 'A runtime: one way of creating sandboxes.',
    id: '`docker`, `gvisor`, `deno`, `bun`, `native`, or an id from the configuration.',
    available: 'Whether it works on this host.',
    reason: 'For people: why it is not available.',
    version: 'The version of the runtime.',
    languages: 'The languages that it can run, with the version or the OCI image of each where these are known.',
    memoryBytes: 'The memory that an idle sandbox takes.',
    startup: '`coldMs`: how long it takes to create a sandbox. `warmMs`: how long it takes from the start of the first program in a new sandbox to its first output, or its end. `measured`: whether both were measured on this host; if not, they are built-in estimates.',
    measuredAt: 'The time of the latest measurement in these numbers.',
    weaknesses: 'The holes that are known in the versions of the programs that make its sandboxes. Absent: none.',
  },
  Weakness: {
    '': 'A hole that is known in a program that makes sandboxes.',
    id: 'As its source calls it. Several that came and went together stand in one.',
    component: 'The program, such as `runc`.',
    version: 'The version of it that was found here.',
    state: '`open`: this version has it. `unknown`: this version has it, but the distribution from which it comes may have mended it. `unreached`: no code in a sandbox can use it.',
    allows: 'For people: what it lets happen, as the end of a sentence.',
    why: 'For people: why no code in a sandbox can use it.',
    fixedIn: 'The first version of each line that has it no more.',
    url: 'Where it is described.',
  },
  Isolation: {
    '': 'How strongly a sandbox is isolated. The daemon reports what it found in force, not what was asked for.',
    score: 'From 0 (no boundary) to 10 (a machine of its own).',
  },
  Layer: {
    '': 'One mechanism of the isolation.',
    name: 'One of the names below. Later versions may add others.',
    detail: 'For people: what was found.',
  },
  Limits: {
    '': 'What the code of a session may use.',
    memoryBytes: 'Memory of the whole sandbox, at least 8 MiB. Default: 512 MiB.',
    cpus: 'Processors, which may be a fraction, at least 0.01. Default: 1.',
    pids: 'Number of processes and threads, at least 8. Default: 256.',
    diskBytes: 'Size of everything that can be written, at least 1 MiB: one half is for `/workspace`, the rest for `/tmp` and `/dev/shm`. It lies in memory, so it is at most half of `memoryBytes`: what is more is lowered to that. Default: 256 MiB.',
    outputBytes: 'Output of one command. A command that writes more is ended with the outcome `outputLimit`. Default: 16 MiB.',
    timeoutMs: 'Duration of one command. A command that takes longer is ended with the outcome `timedOut`. 0 means no limit. Default: 600 000 (10 minutes).',
    packageBytes: 'What one installation of packages may take on the disk of this machine, at least 1 MiB. Default: 1 GiB.',
  },
  PartialLimits: { '': '[Limits](#limits), each of which may be left out.' },
  Network: {
    '': 'What the programs in a sandbox can reach.',
    mode: '`none`: nothing. `allowlist`: the hosts in `hosts`, and those that a person allows where the client has `network.requestAccess`. `full`: everything public, and the hosts in `hosts`.',
    hosts: 'Names (`example.com`), names below a domain (`*.example.com`), addresses (`192.0.2.1`, `2001:db8::1`) and blocks of addresses (`10.0.0.0/8`), each with or without a port (`example.com:443`, `[2001:db8::1]:443`). Without a port every port is meant. Addresses that are not public (loopback, private, link-local, this machine’s own, and so on) are reached only where the address, a block around it, or the exact name that was resolved to it stands here. At most 1000. An empty list allows nothing.',
  },
  Preference: { '': 'What matters most in the choice of a runtime: a short start (`speed`), strong isolation (`security`), little memory (`memory`), or a mixture of the three (`balanced`).' },
  CommandUsage: {
    '': 'The resources that a command used.',
    cpuMs: 'Processor time of the command.',
    peakMemoryBytes: 'The highest memory use of the whole sandbox so far. 0 if it is not known.',
  },
  QuotaState: {
    '': 'A quota, and how much of it is used.',
    quota: '`perDay.` or `perSession.`, and the key in the configuration; or `sessions`.',
    resetsAt: 'When it begins anew. Absent: never.',
    betweenCommands: '`true`: commands that run are not ended when it is used up, because the sandbox of the session can\'t tell what they use. It is looked at before each command.',
  },
  Environment: { '': 'Environment variables. Names are POSIX identifiers; values cannot contain NUL.' },
  Signal: { '': 'The POSIX name of a signal, such as `SIGINT`.' },
  Outcome: { '': 'How a command ended. If it had several causes, the first one counts. `exited`: the program ended by itself. `signaled`: a signal ended it. `cancelled`: the client cancelled the request, or the session closed. `timedOut`, `memoryLimit`, `outputLimit`: it reached this limit. `sandboxLost`: the sandbox disappeared.' },
  SessionState: { '': '`ready`: no command runs. `busy`: a command runs or waits. `closing` and `closed`: the session takes no more commands.' },
  CloseReason: { '': 'Why a session closed. `client`: on request. `idle`, `lifetime`: it reached this time limit. `sandboxLost`: the sandbox disappeared. `shutdown`: the daemon is ending. `detached`: nobody attached it within its grace time.' },
  Severity: { '': 'How bad a known weakness is, as the one who published it says.' },
  Advisory: {
    '': 'A known weakness of a package that was installed.',
    package: 'The name of the package.',
    version: 'The version that has it.',
    id: 'Its identifier, such as `GHSA-…`, `CVE-…` or `PYSEC-…`.',
    url: 'Where more is said of it.',
    fixedIn: 'The first version that does not have it.',
  },
  Session: {
    '': 'A session: a sandbox with an id. Points in time are ISO 8601 in UTC.',
    runtime: 'The id of its runtime.',
    runtimeReason: 'For people: why this runtime was chosen.',
    warm: 'Whether its sandbox was prepared in advance.',
    workspace: 'The working directory in the sandbox.',
    expiresAt: 'When the session will be closed if nothing more happens.',
    limits: 'The limits in force.',
    network: 'What its programs can reach, with the hosts that a person has allowed since.',
    commandCount: 'How many commands it has been sent.',
    usage: 'The total of its finished executions.',
    quotas: 'The quotas that hold for it. Absent: there are none.',
    advisories: 'Known weaknesses of the packages that were installed for it, as `command/installPackages` tells them. Absent: it has no packages, or nobody told of any.',
  },
  Execution: { '': 'How a command ended. A program that fails gives a result and not an error.', ...executionNotes() },
});
