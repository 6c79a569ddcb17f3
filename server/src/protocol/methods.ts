/**
 * The method table: one row for each method, and the only place where its name is written.
 * Dispatch, validation, capabilities, types, openrpc.json and PROTOCOL.md all come from it.
 */
import * as z from 'zod/mini';
import * as commands from './commands.ts';
import type { ErrorKind } from './errors.ts';
import * as history from './history.ts';
import { later } from './later.ts';
import * as lifecycle from './lifecycle.ts';
import { announcement, type Method, notification, question, request } from './method.ts';
import * as observation from './observation.ts';
import * as packages from './packages.ts';
import * as ports from './ports.ts';
import { CommandWait, SessionAttach, SessionDetach, SessionDetached } from './resume-methods.ts';
import * as scan from './scan.ts';
import * as sessions from './sessions.ts';
import * as usage from './usage.ts';
import { Execution, Session } from './values.ts';

/** The errors of every method that takes a path. */
const ofPaths = ['InvalidPath', 'FileNotFound', 'WrongFileType'] as const satisfies readonly ErrorKind[];
/** The errors of every method that chooses a runtime. */
const ofChoices = ['RuntimeUnavailable', 'LanguageUnsupported', 'PolicyDenied'] as const satisfies readonly ErrorKind[];

export const Initialize = request({
  name: 'initialize', section: 'Lifecycle', subject: 'daemon', effect: 'makes', by: 'connection',
  params: lifecycle.InitializeParams, result: lifecycle.InitializeResult, errors: ['PolicyDenied', 'DaemonUnreachable'],
  summary: 'The first request of a connection. The result says what this daemon, on this host, serves to this client.',
});
export const Initialized = notification({
  name: 'initialized', section: 'Lifecycle', subject: 'daemon', effect: 'tells', by: 'connection',
  params: lifecycle.Empty,
  summary: 'Tells the daemon that the client has read the result of `initialize`.',
});
export const Shutdown = request({
  name: 'shutdown', section: 'Lifecycle', subject: 'daemon', effect: 'ends', by: 'connection',
  params: lifecycle.Empty, result: lifecycle.Nothing,
  summary: 'Closes every session and removes every sandbox. Only `exit` may follow.',
});
export const Exit = notification({
  name: 'exit', section: 'Lifecycle', subject: 'daemon', effect: 'ends', by: 'connection',
  params: lifecycle.Empty,
  summary: 'Ends the daemon’s process. The exit code is 0 after `shutdown`, and 1 without it.',
});
export const SetTrace = notification({
  name: '$/setTrace', section: 'Lifecycle', subject: 'daemon', effect: 'writes', by: 'connection',
  params: lifecycle.SetTraceParams,
  summary: 'Turns `$/logTrace` notifications on or off.',
});
export const CancelProgress = notification({
  name: 'window/workDoneProgress/cancel', section: 'Lifecycle', subject: 'daemon', effect: 'ends',
  params: lifecycle.CancelProgressParams,
  summary: 'Cancels the request that the client sent with this token as its `workDoneToken`.',
});

export const RuntimeList = request({
  name: 'runtime/list', section: 'Runtimes', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: sessions.RuntimeListResult,
  summary: 'Lists every runtime that this daemon knows. For a runtime that is not available, it says why.',
});
export const RuntimeSelect = request({
  name: 'runtime/select', section: 'Runtimes', subject: 'daemon', effect: 'asks',
  params: sessions.RuntimeSelectParams, result: sessions.RuntimeSelectResult, errors: ofChoices,
  summary: 'Says which runtime `session/create` would choose, and how the others compare. It creates nothing.',
});
export const RuntimeChanged = announcement({
  name: 'runtime/changed', section: 'Runtimes', subject: 'daemon',
  params: sessions.RuntimeChangedParams,
  summary: 'The availability, the version, the languages or the isolation of a runtime changed. The params list all runtimes as they are now.',
});

export const SessionCreate = request({
  name: 'session/create', section: 'Sessions', subject: 'daemon', effect: 'makes',
  params: sessions.SessionCreateParams, result: Session, secrets: ['secrets', 'env'],
  errors: [...ofChoices, 'TooManySessions', 'SandboxFailed', 'IsolationUnavailable', 'FileNotFound', 'DiskFull', 'NotTrusted', 'QuotaExceeded', 'PackageInstallFailed', 'InvalidPath', 'WrongFileType', 'FileTooLarge', 'SandboxLost', 'SessionClosed'],
  summary: 'Creates a session: a sandbox with an id, in which commands run until it is closed.',
});
export const SessionExecute = request({
  name: 'session/execute', section: 'Sessions', subject: 'session', effect: 'runs', by: 'alias',
  params: later(() => z.object({ sessionId: sessions.sessionId(), command: z.looseObject({ type: z.string() }) })),
  result: z.unknown(), secrets: ['secrets', 'env'],
  summary: 'Runs a command of the session. It does the same as the method `command/<type>`, where `<type>` is `command.type` and the other members of `command` are the params.',
});
export const SessionList = request({
  name: 'session/list', section: 'Sessions', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: sessions.SessionListResult,
  summary: 'Lists the open sessions of this connection.',
});
export const SessionClose = request({
  name: 'session/close', section: 'Sessions', subject: 'session', effect: 'ends',
  params: sessions.SessionParams, result: sessions.SessionCloseResult, errors: ['RuntimeUnavailable', 'SandboxFailed'],
  summary: 'Closes a session: ends its commands and removes its sandbox with everything in it.',
});
export const SessionStateChanged = announcement({
  name: 'session/stateChanged', section: 'Sessions', subject: 'session',
  params: sessions.SessionStateChangedParams,
  summary: 'The state of a session changed. The daemon sends this only to a client whose capabilities include `session.stateChanged`.',
});

export const NetworkRequestAccess = question({
  name: 'network/requestAccess', section: 'Sessions', subject: 'session',
  params: sessions.NetworkRequestAccessParams, result: sessions.NetworkRequestAccessResult,
  summary: 'A program of a session with the network mode `allowlist` wants to reach a host that is not allowed: the client asks a person. The program waits. No answer within 30 seconds is a no, and then the daemon cancels the request; an error is a no as well. The daemon sends this only to a client whose capabilities include `network.requestAccess`.',
});

export const WriteFile = request({
  name: 'command/writeFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.WriteFileParams, result: commands.WriteFileResult, errors: [...ofPaths, 'FileExists', 'FileTooLarge', 'DiskFull'],
  summary: 'Writes a file, and creates the directories above it where they are missing.',
});
export const ReadFile = request({
  name: 'command/readFile', section: 'Commands', subject: 'session', effect: 'asks',
  params: commands.ReadFileParams, result: commands.ReadFileResult, errors: [...ofPaths, 'FileTooLarge'],
  summary: 'Reads a file or a part of it. Bytes that are not valid UTF-8 are always sent as base64.',
});
export const CreateDirectory = request({
  name: 'command/createDirectory', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.CreateDirectoryParams, result: commands.CreateDirectoryResult, errors: [...ofPaths, 'FileExists', 'DiskFull'],
  summary: 'Creates a directory. It is no error if the directory exists already.',
});
export const CopyFile = request({
  name: 'command/copyFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.CopyFileParams, result: commands.CopyFileResult, errors: [...ofPaths, 'FileExists', 'DiskFull'],
  summary: 'Copies a file, or a directory if `recursive` is set.',
});
export const DeleteFile = request({
  name: 'command/deleteFile', section: 'Commands', subject: 'session', effect: 'writes',
  params: commands.DeleteFileParams, result: commands.DeleteFileResult, errors: ofPaths,
  summary: 'Deletes a file or an empty directory, or, if `recursive` is set, a directory with everything in it.',
});
export const ListDirectory = request({
  name: 'command/listDirectory', section: 'Commands', subject: 'session', effect: 'asks',
  params: commands.ListDirectoryParams, result: commands.ListDirectoryResult, errors: ofPaths,
  summary: 'Lists a directory. Symbolic links are listed as links and not followed.',
});
export const ExecuteShell = request({
  name: 'command/executeShell', section: 'Commands', subject: 'session', effect: 'runs',
  params: commands.ExecuteShellParams, result: Execution, secrets: ['env'], errors: [...ofPaths, 'LanguageUnsupported', 'FileTooLarge'],
  summary: 'Runs a command line of `sh`, or a program with its arguments.',
});
export const RunCode = request({
  name: 'command/runCode', section: 'Commands', subject: 'session', effect: 'runs',
  params: commands.RunCodeParams, result: commands.RunCodeResult, secrets: ['env'], errors: [...ofPaths, 'LanguageUnsupported', 'FileTooLarge', 'DiskFull'],
  summary: 'Runs source code, which is given as text or as the path of a file. It is compiled first where the language requires that.',
});
export const InstallPackages = request({
  name: 'command/installPackages', section: 'Commands', subject: 'session', effect: 'runs',
  params: packages.InstallPackagesParams, result: packages.InstallPackagesResult, errors: [...ofPaths, 'LanguageUnsupported', 'FileTooLarge', 'DiskFull', 'RuntimeUnavailable', 'PackageInstallFailed'],
  summary: 'Installs packages for the programs of the session, by their names or by a manifest. The manager runs in a sandbox of its own, from which only its registries are reached; the session itself stays as it is. The next command begins when they are there.',
});
export const SignalCommand = request({
  name: 'command/signal', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandSignalParams, result: lifecycle.Nothing,
  summary: 'Sends a signal to the process group of a running command. If its program does not run yet, the signal is sent when it starts. If it never does, or has ended, that is error 1004.',
});
export const CommandOutput = announcement({
  name: 'command/output', section: 'Commands', subject: 'command',
  params: commands.CommandOutputParams, secrets: ['data'],
  summary: 'A piece of a command’s output. A UTF-8 character is never split between two pieces.',
});
export const CommandDiagnostics = announcement({
  name: 'command/diagnostics', section: 'Commands', subject: 'session',
  params: scan.CommandDiagnosticsParams,
  summary: 'What scanning found in the code of `command/runCode`, or in a command line of `command/executeShell`. There is one for each such command, and it may come before or after its result. The daemon sends this only to a client whose capabilities include `command.diagnostics`.',
});
export const CommandAck = notification({
  name: 'command/ack', section: 'Commands', subject: 'command', effect: 'tells',
  params: commands.CommandAckParams,
  summary: 'Tells the daemon that the client has consumed the output of a command up to `seq`.',
});
export const CommandInput = notification({
  name: 'command/input', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandInputParams, secrets: ['data'],
  summary: 'Input for the stdin of a command that runs with `interactive` or `pty`. At most 64 MiB of input wait for a command; what is beyond that is dropped, with a `window/logMessage` (see `command/drain`).',
});
export const DrainCommand = request({
  name: 'command/drain', section: 'Commands', subject: 'command', effect: 'asks',
  params: commands.CommandDrainParams, result: lifecycle.Nothing,
  summary: 'Waits until the command has taken all input that was sent before, or has ended. A client with much input sends this every few MiB and waits for the answer.',
});
export const CommandResize = notification({
  name: 'command/resize', section: 'Commands', subject: 'command', effect: 'writes',
  params: commands.CommandResizeParams,
  summary: 'Changes the size of a command’s terminal.',
});

export const PortsForward = request({
  name: 'ports/forward', section: 'Ports', subject: 'session', effect: 'makes',
  params: ports.PortsForwardParams, result: ports.PortsForwardResult, errors: ['SandboxFailed', 'QuotaExceeded', 'PolicyDenied'],
  summary: 'Listens on a port of the daemon’s machine, at 127.0.0.1, and leads each connection to a port of the sandbox, where a program may listen now or later. It ends with the session.',
});
export const PortsList = request({
  name: 'ports/list', section: 'Ports', subject: 'session', effect: 'asks',
  params: sessions.SessionParams, result: ports.PortsListResult,
  summary: 'Lists the TCP ports on which programs of the session listen, and those that are forwarded.',
});
export const PortsClose = request({
  name: 'ports/close', section: 'Ports', subject: 'session', effect: 'ends',
  params: ports.PortsCloseParams, result: ports.PortsCloseResult,
  summary: 'Ends what `ports/forward` has begun, with its connections. For a port that is not forwarded that is error -32602.',
});
export const PortsChanged = announcement({
  name: 'ports/changed', section: 'Ports', subject: 'session',
  params: ports.PortsChangedParams,
  summary: 'Programs of the session have begun or ceased to listen on ports. The daemon sends this only to a client whose capabilities include `ports.changed`.',
});

export const ServerHealth = request({
  name: 'server/health', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: observation.HealthResult,
  summary: 'Says whether the daemon can run code, and with which runtimes.',
});
export const ServerMetrics = request({
  name: 'server/metrics', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: observation.MetricsParams, result: observation.MetricsResult,
  summary: 'Returns the metrics of the daemon: what all its clients did, and how long it took.',
});
export const UsageGet = request({
  name: 'usage/get', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: usage.UsageGetParams, result: usage.UsageGetResult, errors: ['SessionNotFound', 'SessionClosed'],
  summary: 'Says how much was used, what it costs, and how much is left of the quotas.',
});
export const UsageEstimate = request({
  name: 'usage/estimate', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: usage.UsageEstimateParams, result: usage.UsageEstimateResult, errors: ['SessionNotFound', 'SessionClosed', 'SandboxFailed', 'SandboxLost', 'FileTooLarge', ...ofPaths],
  summary: 'Says how long a program will probably run and what it will use, told from earlier runs on this machine.',
});
export const HistoryList = request({
  name: 'history/list', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: history.HistoryListParams, result: history.HistoryListResult,
  summary: 'Lists what this user ran on this machine and how it ended, whichever client and daemon it was, with the latest first.',
});
export const HistoryRerun = request({
  name: 'history/rerun', section: 'Observation', subject: 'daemon', effect: 'runs',
  params: history.HistoryRerunParams, result: history.HistoryRerunResult,
  errors: [...SessionCreate.errors, ...RunCode.errors, ...InstallPackages.errors, 'SessionNotFound'],
  summary: 'Runs an entry of the history again, as `command/…` would: with the same arguments, but without variables and input, of which the history has none. What is not allowed today is refused.',
});
export const HistoryClear = request({
  name: 'history/clear', section: 'Observation', subject: 'daemon', effect: 'writes',
  params: history.HistoryClearParams, result: history.HistoryClearResult, errors: ['PolicyDenied'],
  summary: 'Removes entries from the history.',
});
export const HistoryChanged = announcement({
  name: 'history/changed', section: 'Observation', subject: 'daemon',
  params: lifecycle.Empty,
  summary: 'The history has other entries than before. It tells of what this daemon adds and removes, and not of what others do. The daemon sends this only to a client whose capabilities include `history.changed`.',
});
export const Discover = request({
  name: 'rpc.discover', section: 'Observation', subject: 'daemon', effect: 'asks',
  params: lifecycle.Empty, result: observation.DiscoverResult,
  summary: 'Returns this protocol as an OpenRPC document.',
});

/** All methods, in the order in which the documents list them. */
export const methods = [
  Initialize, Initialized, Shutdown, Exit, SetTrace, CancelProgress,
  RuntimeList, RuntimeSelect, RuntimeChanged,
  SessionCreate, SessionExecute, SessionList, SessionClose, SessionDetach, SessionAttach, SessionDetached, SessionStateChanged, NetworkRequestAccess,
  WriteFile, ReadFile, CreateDirectory, CopyFile, DeleteFile, ListDirectory, ExecuteShell, RunCode, InstallPackages, CommandWait,
  SignalCommand, CommandOutput, CommandDiagnostics, CommandAck, CommandInput, DrainCommand, CommandResize,
  PortsForward, PortsList, PortsClose, PortsChanged,
  ServerHealth, ServerMetrics, UsageGet, UsageEstimate, HistoryList, HistoryRerun, HistoryClear, HistoryChanged, Discover,
] as const;

export type AnyMethod = (typeof methods)[number];
export type ClientMethod = Extract<AnyMethod, { from: 'client' }>;
export type ParamsOf<M extends Method> = z.infer<M['params']>;
export type ResultOf<M extends Method> = z.infer<M['result']>;

/** The names of all methods that `session/execute` may stand for begin with this; the rest of the name is `command.type`. */
export const COMMAND_PREFIX = 'command/';

/** Whether it begins something that a daemon which is shutting down does not take on. What belongs to a command that runs is not among them. */
export function beginsWork({ kind, from, by, subject, effect }: Method): boolean {
  return kind === 'request' && from === 'client' && by !== 'connection' && subject !== 'command' && (effect === 'makes' || effect === 'runs' || effect === 'writes');
}

/** Whether `session/execute` may stand for this method. */
export function isSessionCommand({ name, kind, subject }: Method): boolean {
  return kind === 'request' && subject === 'session' && name.startsWith(COMMAND_PREFIX);
}
