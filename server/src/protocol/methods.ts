/**
 * The method table: one row for each method, and the only place where its name is written.
 * Dispatch, validation, capabilities, types, openrpc.json and PROTOCOL.md all come from it.
 */
import * as z from 'zod/mini';
import * as commands from './commands.ts';
import type { ErrorKind } from './errors.ts';
import { later } from './later.ts';
import * as lifecycle from './lifecycle.ts';
import { announcement, type Method, notification, request } from './method.ts';
import * as observation from './observation.ts';
import * as sessions from './sessions.ts';
import { Execution, Session } from './values.ts';

/** The errors of whatever takes a path. */
const ofPaths = ['InvalidPath', 'FileNotFound', 'WrongFileType'] as const satisfies readonly ErrorKind[];
/** The errors of whatever chooses a runtime. */
const ofChoices = ['RuntimeUnavailable', 'LanguageUnsupported', 'PolicyDenied'] as const satisfies readonly ErrorKind[];

export const Initialize = request({
  name: 'initialize', section: 'Lifecycle', subject: 'daemon', effect: 'makes', by: 'connection',
  params: lifecycle.InitializeParams, result: lifecycle.InitializeResult,
  summary: 'Opens the conversation. The result says what this daemon will really serve to this client.',
});
export const Initialized = notification({
  name: 'initialized', section: 'Lifecycle', subject: 'daemon', effect: 'tells', by: 'connection',
  params: lifecycle.Empty,
  summary: 'The client has read the result of initialize.',
});
export const Shutdown = request({
  name: 'shutdown', section: 'Lifecycle', subject: 'daemon', effect: 'ends', by: 'connection',
  params: lifecycle.Empty, result: lifecycle.Nothing,
  summary: 'Closes every session. Only exit may follow.',
});
export const Exit = notification({
  name: 'exit', section: 'Lifecycle', subject: 'daemon', effect: 'ends', by: 'connection',
  params: lifecycle.Empty,
  summary: 'Ends the process: code 0 after shutdown, 1 without it.',
});
export const SetTrace = notification({
  name: '$/setTrace', section: 'Lifecycle', subject: 'daemon', effect: 'writes', by: 'connection',
  params: lifecycle.SetTraceParams,
  summary: 'Turns $/logTrace notifications on or off.',
});
export const CancelProgress = notification({
  name: 'window/workDoneProgress/cancel', section: 'Lifecycle', subject: 'daemon', effect: 'ends',
  params: lifecycle.CancelProgressParams,
  summary: 'Cancels the request that was sent with this workDoneToken.',
});

export const RuntimeList = request({
  name: 'runtime/list', section: 'Runtimes', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: sessions.RuntimeListResult,
  summary: 'Every runtime this daemon knows, available or not, with the reason.',
});
export const RuntimeSelect = request({
  name: 'runtime/select', section: 'Runtimes', subject: 'daemon', effect: 'asks',
  params: sessions.RuntimeSelectParams, result: sessions.RuntimeSelectResult, errors: ofChoices,
  summary: 'Which runtime session/create would choose, and why not the others. Makes nothing.',
});
export const RuntimeChanged = announcement({
  name: 'runtime/changed', section: 'Runtimes', subject: 'daemon',
  params: sessions.RuntimeChangedParams,
  summary: 'A runtime came, went, or is another one now: its availability, version, languages or isolation. Holds all of them.',
});

export const SessionCreate = request({
  name: 'session/create', section: 'Sessions', subject: 'daemon', effect: 'makes',
  params: sessions.SessionCreateParams, result: Session, secrets: ['secrets', 'env'],
  errors: [...ofChoices, 'TooManySessions', 'SandboxFailed', 'IsolationUnavailable', 'NotTrusted', 'RateLimited', 'QuotaExceeded'],
  summary: 'Makes a sandbox and gives it an identity.',
});
export const SessionExecute = request({
  name: 'session/execute', section: 'Sessions', subject: 'session', effect: 'runs', by: 'alias',
  params: later(() => z.object({ sessionId: sessions.sessionId(), command: z.looseObject({ type: z.string() }) })),
  result: z.unknown(), secrets: ['secrets', 'env'],
  summary: 'Runs the typed command named by command.type: the same as command/<type> with its other members.',
});
export const SessionList = request({
  name: 'session/list', section: 'Sessions', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: sessions.SessionListResult,
  summary: 'The open sessions.',
});
export const SessionClose = request({
  name: 'session/close', section: 'Sessions', subject: 'session', effect: 'ends',
  params: sessions.SessionParams, result: sessions.SessionCloseResult,
  summary: 'Removes the sandbox with everything in it.',
});
export const SessionStateChanged = announcement({
  name: 'session/stateChanged', section: 'Sessions', subject: 'session',
  params: sessions.SessionStateChangedParams,
  summary: 'A session became ready, busy, closing or closed. Sent when the client has session.stateChanged.',
});

export const WriteFile = request({
  name: 'command/writeFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.WriteFileParams, result: commands.WriteFileResult, errors: [...ofPaths, 'FileExists', 'FileTooLarge', 'DiskFull'],
  summary: 'Writes a file, making the directories it needs. Mode create fails where the file exists.',
});
export const ReadFile = request({
  name: 'command/readFile', section: 'Commands', subject: 'session', effect: 'asks',
  params: commands.ReadFileParams, result: commands.ReadFileResult, errors: [...ofPaths, 'FileTooLarge'],
  summary: 'Reads a file or a part of it. What is not UTF-8 is answered as base64.',
});
export const CreateDirectory = request({
  name: 'command/createDirectory', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.CreateDirectoryParams, result: commands.CreateDirectoryResult, errors: [...ofPaths, 'FileExists', 'DiskFull'],
  summary: 'Makes a directory. created is false where it was there.',
});
export const CopyFile = request({
  name: 'command/copyFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.CopyFileParams, result: commands.CopyFileResult, errors: [...ofPaths, 'FileExists', 'DiskFull'],
  summary: 'Copies a file, or with recursive a directory.',
});
export const DeleteFile = request({
  name: 'command/deleteFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.DeleteFileParams, result: commands.DeleteFileResult, errors: ofPaths,
  summary: 'Deletes a file or an empty directory, or with recursive a whole one. force accepts that it is missing.',
});
export const ListDirectory = request({
  name: 'command/listDirectory', section: 'Commands', subject: 'session', effect: 'asks',
  params: commands.ListDirectoryParams, result: commands.ListDirectoryResult, errors: ofPaths,
  summary: 'Lists a directory. Paths in entries are absolute; links are not followed.',
});
export const ExecuteShell = request({
  name: 'command/executeShell', section: 'Commands', subject: 'session', effect: 'runs',
  params: commands.ExecuteShellParams, result: Execution, secrets: ['env'], errors: ofPaths,
  summary: 'Runs a line of sh, or a program with its arguments.',
});
export const RunCode = request({
  name: 'command/runCode', section: 'Commands', subject: 'session', effect: 'runs',
  params: commands.RunCodeParams, result: commands.RunCodeResult, secrets: ['env'], errors: [...ofPaths, 'LanguageUnsupported', 'DiskFull'],
  summary: 'Runs source code, given as text or by path, compiling it first where the language needs it.',
});
export const SignalCommand = request({
  name: 'command/signal', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandSignalParams, result: lifecycle.Nothing,
  summary: "Sends a signal to the command's process group.",
});
export const CommandOutput = announcement({
  name: 'command/output', section: 'Commands', subject: 'command',
  params: commands.CommandOutputParams, secrets: ['data'],
  summary: 'A piece of output. seq counts from 0 per command; characters are never split.',
});
export const CommandAck = notification({
  name: 'command/ack', section: 'Commands', subject: 'command', effect: 'tells',
  params: commands.CommandAckParams,
  summary: 'Everything up to seq is consumed.',
});
export const CommandInput = notification({
  name: 'command/input', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandInputParams, secrets: ['data'],
  summary: 'Bytes for the stdin of an interactive command.',
});
export const DrainCommand = request({
  name: 'command/drain', section: 'Commands', subject: 'command', effect: 'asks',
  params: commands.CommandDrainParams, result: lifecycle.Nothing,
  summary: 'Answered when the command has taken all input sent before, or has ended. What is waiting beyond 64 MiB is dropped: a client with much to send asks every few MiB.',
});
export const CommandResize = notification({
  name: 'command/resize', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandResizeParams,
  summary: "The new size of a command's terminal.",
});

export const ServerHealth = request({
  name: 'server/health', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: observation.HealthResult,
  summary: 'Whether the daemon and its runtimes work.',
});
export const Discover = request({
  name: 'rpc.discover', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: observation.DiscoverResult,
  summary: 'The OpenRPC document of this protocol.',
});

/** In the order in which documents list them. */
export const methods = [
  Initialize, Initialized, Shutdown, Exit, SetTrace, CancelProgress,
  RuntimeList, RuntimeSelect, RuntimeChanged,
  SessionCreate, SessionExecute, SessionList, SessionClose, SessionStateChanged,
  WriteFile, ReadFile, CreateDirectory, CopyFile, DeleteFile, ListDirectory, ExecuteShell, RunCode,
  SignalCommand, CommandOutput, CommandAck, CommandInput, DrainCommand, CommandResize,
  ServerHealth, Discover,
] as const;

export type AnyMethod = (typeof methods)[number];
export type ClientMethod = Extract<AnyMethod, { from: 'client' }>;
export type ParamsOf<M extends Method> = z.infer<M['params']>;
export type ResultOf<M extends Method> = z.infer<M['result']>;

/** Of the name of every method that `session/execute` may stand for; what follows is its `command.type`. */
export const COMMAND_PREFIX = 'command/';

/** Whether `session/execute` may stand for it. */
export function isSessionCommand({ name, kind, subject }: Method): boolean {
  return kind === 'request' && subject === 'session' && name.startsWith(COMMAND_PREFIX);
}
