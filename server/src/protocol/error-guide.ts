/** The meaning of each error code, what the client can do about it, and which requests can fail with it. */
import { type ErrorKind, errorCodes } from './errors.ts';
import type { Method } from './method.ts';
import { beginsWork, Initialize, isSessionCommand, methods } from './methods.ts';

export interface ErrorAdvice {
  readonly meaning: string;
  readonly action: string;
}

const advice = (meaning: string, action: string): ErrorAdvice => ({ meaning, action });

export const errorGuide: Readonly<Record<ErrorKind, ErrorAdvice>> = {
  ParseError: advice('The body of the message is not JSON in UTF-8. The id of the answer is null, because it could not be read.', 'Fix the client’s JSON.'),
  InvalidRequest: advice('The body is JSON, but not a message that is valid here: for example a batch, a second `initialize`, an id that is still in flight, or a body that is too large.', 'Fix the client.'),
  MethodNotFound: advice('This daemon does not serve this method to this client.', 'Send only the methods in `capabilities.methods`.'),
  InvalidParams: advice('The params do not have the required shape. `data.issues` is a list of `{path, message}`.', 'Fix the params that the issues name.'),
  InternalError: advice('The daemon itself failed.', 'Report it together with the daemon’s log. Trying again may work.'),
  ServerNotInitialized: advice('The request came before `initialize`.', 'Send `initialize` first and wait for its result.'),
  RequestCancelled: advice('`$/cancelRequest` cancelled the request, or the connection is closing. An execution that is cancelled answers with its result instead.', 'Nothing needs to be done.'),
  SessionNotFound: advice('No session has this id.', 'Create one with `session/create`.'),
  SessionClosed: advice('The session is closed or closing. `data.reason` says why. The daemon remembers that of the last sessions; for earlier ones it answers 1001.', 'Create a new session.'),
  TooManySessions: advice('The maximum number of sessions is open. `data.max` is that number.', 'Close a session, or wait until one closes.'),
  CommandNotFound: advice('No running command has this id.', 'The command has probably ended: use its result.'),
  ShuttingDown: advice('The daemon is shutting down: it takes on nothing new, and what runs has `data.endsInMs` milliseconds left. Files can still be read.', 'Start the daemon again, or wait until whoever looks after it has, and connect anew.'),
  DaemonUnreachable: advice('`codebeaker connect` answers `initialize` with this where it cannot connect with the daemon. `data.reason` is `address` (nothing answers), `token`, `tls`, `ssh`, `settings` (the address, the token or a file is wrong), `refused` or `other` (what answers is no daemon).', 'Follow the message. After it, the process ends.'),
  RuntimeUnavailable: advice('No available runtime meets the request. `data` has `runtime`, `reason` and `hint`, and `candidates` where the daemon had to choose.', 'Follow the hint, or name another runtime.'),
  LanguageUnsupported: advice('The language cannot be run: no runtime has it (see `data.candidates`), or this session’s sandbox lacks it.', 'Choose a runtime or an image that has the language.'),
  SandboxFailed: advice('The sandbox could not be created or removed, or could not do what was asked of it. Of one that could not be created nothing is left behind.', 'Read the message. Trying again may work.'),
  SandboxLost: advice('The sandbox disappeared during the request. Everything in it is lost.', 'Create a new session.'),
  IsolationUnavailable: advice('`strict` was set, and the layers in `data.layers` are not fully enforced.', 'Change the host so that they are, or do without `strict`.'),
  InvalidPath: advice('The path is not valid, or not under `/workspace` or `/tmp`.', 'Use a path under one of these.'),
  FileNotFound: advice('No file or directory has this path.', 'List the directory with `command/listDirectory`.'),
  FileExists: advice('A file or directory with this path exists, and the request does not allow replacing it.', 'Choose another path, or allow overwriting.'),
  WrongFileType: advice('The path is a directory where a file is needed, or the reverse.', 'Use the command for the other type, or set `recursive`.'),
  FileTooLarge: advice('The content is larger than one message may carry.', 'Write in pieces with mode `append`; read in pieces with `offset` and `length`.'),
  DiskFull: advice('The session’s `diskBytes` are used up. Of an installation: its `packageBytes` (then `data.limit` says so), or the disk of the machine with the cache of packages.', 'Delete files, or create a session with a higher limit. Where the machine’s disk is full, make room there: `codebeaker cache prune`.'),
  RateLimited: advice('The method was called too often, too many requests are waiting, or too many answers have not been read.', 'Wait `data.retryAfterMs` milliseconds, then send the request again.'),
  QuotaExceeded: advice('A quota is used up. `data` has `quota`, `limit` and `used`.', 'Wait for the next period, or have the quota raised.'),
  PolicyDenied: advice('The configuration does not allow the request. `data` has `policy` and `rule`.', 'Ask for less, or have the configuration changed.'),
  NotTrusted: advice('The client does not trust the workspace.', 'Trust the workspace in the editor, or create the session without the folder.'),
  PackageInstallFailed: advice('The package manager failed.', 'Read the output of the package manager.'),
  DebugUnavailable: advice('The program cannot be debugged. `data` has `language`, `missing` (what is not there) and `hint` (how to get it).', 'Follow the hint. `capabilities.debug` has the languages that can be debugged on this host.'),
};

/** The errors with which any request can fail. */
const ofEvery: readonly ErrorKind[] = ['InvalidRequest', 'MethodNotFound', 'InvalidParams', 'InternalError', 'ServerNotInitialized', 'RequestCancelled', 'RateLimited'];
/** The errors with which any request can fail that begins something. */
const ofWork: readonly ErrorKind[] = ['ShuttingDown'];
/** The errors with which any command in a session can fail. */
const ofSessionCommands: readonly ErrorKind[] = ['SandboxFailed', 'SandboxLost', 'QuotaExceeded', 'PolicyDenied'];

/**
 * The errors with which a request can fail, in the order of the codes. An alias can fail with the errors of every
 * method that it may stand for.
 */
export function errorsOf(method: Method): ErrorKind[] {
  const standsFor: readonly Method[] = method.by === 'alias' ? [method, ...methods.filter(isSessionCommand)] : [method];
  const possible = new Set(standsFor.flatMap(ownErrors));
  if (method.name === Initialize.name) possible.delete('ServerNotInitialized');
  return (Object.keys(errorCodes) as ErrorKind[]).filter((kind) => possible.has(kind));
}

function ownErrors(method: Method): readonly ErrorKind[] {
  const bySubject = { daemon: [], session: ['SessionNotFound', 'SessionClosed'], command: ['CommandNotFound'] } as const;
  return [...ofEvery, ...bySubject[method.subject], ...(beginsWork(method) ? ofWork : []), ...(isSessionCommand(method) ? ofSessionCommands : []), ...method.errors];
}
