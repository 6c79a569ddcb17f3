/**
 * The method table: one row a method, and the only place where its name is written.
 * Dispatch, validation, capabilities, types, openrpc.json and PROTOCOL.md all come from it.
 */
import * as z from 'zod/mini';
import * as commands from './commands.ts';
import { later } from './later.ts';
import * as lifecycle from './lifecycle.ts';
import * as observation from './observation.ts';
import * as sessions from './sessions.ts';
import { Execution, Session } from './values.ts';

type Schema = z.core.$ZodType;

type Kind = 'request' | 'notification';
type From = 'client' | 'server';

/** `from` is who sends it. `section` is where PROTOCOL.md lists it. */
export interface Method<
  Name extends string = string,
  P extends Schema = Schema,
  R extends Schema = Schema,
  K extends Kind = Kind,
  F extends From = From,
> {
  readonly name: Name;
  readonly kind: K;
  readonly from: F;
  readonly section: Section;
  readonly params: P;
  readonly result: R;
  readonly summary: string;
}

export type Section = 'Lifecycle' | 'Runtimes' | 'Sessions' | 'Commands' | 'Observation';

function request<N extends string, P extends Schema, R extends Schema>(
  section: Section,
  name: N,
  params: P,
  result: R,
  summary: string,
): Method<N, P, R, 'request', 'client'> {
  return { name, kind: 'request', from: 'client', section, params, result, summary };
}

function notification<F extends From, N extends string, P extends Schema>(
  from: F,
  section: Section,
  name: N,
  params: P,
  summary: string,
): Method<N, P, typeof lifecycle.Nothing, 'notification', F> {
  return { name, kind: 'notification', from, section, params, result: lifecycle.Nothing, summary };
}

export const Initialize = request('Lifecycle', 'initialize', lifecycle.InitializeParams, lifecycle.InitializeResult,
  'Opens the conversation. The result says what this daemon will really serve to this client.');
export const Initialized = notification('client', 'Lifecycle', 'initialized', lifecycle.Empty,
  'The client has read the result of initialize.');
export const Shutdown = request('Lifecycle', 'shutdown', lifecycle.Empty, lifecycle.Nothing,
  'Closes every session. Only exit may follow.');
export const Exit = notification('client', 'Lifecycle', 'exit', lifecycle.Empty,
  'Ends the process: code 0 after shutdown, 1 without it.');
export const SetTrace = notification('client', 'Lifecycle', '$/setTrace', lifecycle.SetTraceParams,
  'Turns $/logTrace notifications on or off.');

export const CancelProgress = notification('client', 'Lifecycle', 'window/workDoneProgress/cancel', lifecycle.CancelProgressParams,
  'Cancels the request that was sent with this workDoneToken.');

export const RuntimeList = request('Runtimes', 'runtime/list', lifecycle.Empty, sessions.RuntimeListResult,
  'Every runtime this daemon knows, available or not, with the reason.');
export const RuntimeSelect = request('Runtimes', 'runtime/select', sessions.RuntimeSelectParams, sessions.RuntimeSelectResult,
  'Which runtime session/create would choose, and why not the others. Makes nothing.');
export const RuntimeChanged = notification('server', 'Runtimes', 'runtime/changed', sessions.RuntimeChangedParams,
  'A runtime came, went, or is another one now: its availability, version, languages or isolation. Holds all of them.');

export const SessionCreate = request('Sessions', 'session/create', sessions.SessionCreateParams, Session,
  'Makes a sandbox and gives it an identity.');
export const SessionExecute = request('Sessions', 'session/execute',
  later(() => z.object({ sessionId: sessions.sessionId(), command: z.looseObject({ type: z.string() }) })), z.unknown(),
  'Runs the typed command named by command.type: the same as command/<type> with its other members.');
export const SessionList = request('Sessions', 'session/list', lifecycle.Empty, sessions.SessionListResult,
  'The open sessions.');
export const SessionClose = request('Sessions', 'session/close', sessions.SessionParams, sessions.SessionCloseResult,
  'Removes the sandbox with everything in it.');
export const SessionStateChanged = notification('server', 'Sessions', 'session/stateChanged', sessions.SessionStateChangedParams,
  'A session became ready, busy, closing or closed. Sent when the client has session.stateChanged.');

export const WriteFile = request('Commands', 'command/writeFile', commands.WriteFileParams, commands.WriteFileResult,
  'Writes a file, making the directories it needs. Mode create fails where the file exists.');
export const ReadFile = request('Commands', 'command/readFile', commands.ReadFileParams, commands.ReadFileResult,
  'Reads a file or a part of it. What is not UTF-8 is answered as base64.');
export const CreateDirectory = request('Commands', 'command/createDirectory', commands.CreateDirectoryParams, commands.CreateDirectoryResult,
  'Makes a directory. created is false where it was there.');
export const CopyFile = request('Commands', 'command/copyFile', commands.CopyFileParams, commands.CopyFileResult,
  'Copies a file, or with recursive a directory.');
export const DeleteFile = request('Commands', 'command/deleteFile', commands.DeleteFileParams, commands.DeleteFileResult,
  'Deletes a file or an empty directory, or with recursive a whole one. force accepts that it is missing.');
export const ListDirectory = request('Commands', 'command/listDirectory', commands.ListDirectoryParams, commands.ListDirectoryResult,
  'Lists a directory. Paths in entries are absolute; links are not followed.');
export const ExecuteShell = request('Commands', 'command/executeShell', commands.ExecuteShellParams, Execution,
  'Runs a line of sh, or a program with its arguments.');
export const RunCode = request('Commands', 'command/runCode', commands.RunCodeParams, commands.RunCodeResult,
  'Runs source code, given as text or by path, compiling it first where the language needs it.');
export const SignalCommand = request('Commands', 'command/signal', commands.CommandSignalParams, lifecycle.Nothing,
  "Sends a signal to the command's process group.");
export const CommandOutput = notification('server', 'Commands', 'command/output', commands.CommandOutputParams,
  'A piece of output. seq counts from 0 per command; characters are never split.');
export const CommandAck = notification('client', 'Commands', 'command/ack', commands.CommandAckParams,
  'Everything up to seq is consumed.');
export const CommandInput = notification('client', 'Commands', 'command/input', commands.CommandInputParams,
  'Bytes for the stdin of an interactive command.');
export const DrainCommand = request('Commands', 'command/drain', commands.CommandDrainParams, lifecycle.Nothing,
  'Answered when the command has taken all input sent before, or has ended. What is waiting beyond 64 MiB is dropped: a client with much to send asks every few MiB.');
export const CommandResize = notification('client', 'Commands', 'command/resize', commands.CommandResizeParams,
  "The new size of a command's terminal.");

export const ServerHealth = request('Observation', 'server/health', lifecycle.Empty, observation.HealthResult,
  'Whether the daemon and its runtimes work.');
export const Discover = request('Observation', 'rpc.discover', lifecycle.Empty, observation.DiscoverResult,
  'The OpenRPC document of this protocol.');

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
