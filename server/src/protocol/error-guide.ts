/** What each error code means, what its receiver can do, and which requests can get it. */
import { type ErrorKind, errorCodes } from './errors.ts';
import type { Method } from './method.ts';
import { Initialize, isSessionCommand, methods } from './methods.ts';

export interface ErrorAdvice {
  readonly meaning: string;
  readonly action: string;
}

const advice = (meaning: string, action: string): ErrorAdvice => ({ meaning, action });

export const errorGuide: Readonly<Record<ErrorKind, ErrorAdvice>> = {
  ParseError: advice('The body is no JSON.', 'Mend the writer. The id is null: it could not be read.'),
  InvalidRequest: advice('JSON, but no message that fits here: a batch, a second `initialize`, an id in flight, a body that is too large.', 'Mend the client.'),
  MethodNotFound: advice('Not served by this daemon for this client.', 'Look at `capabilities.methods` first.'),
  InvalidParams: advice('The params do not fit. `data.issues` lists `{path, message}`.', 'Mend what the issues name.'),
  InternalError: advice('The daemon’s own fault.', 'Report it with the daemon’s log; trying again may work.'),
  ServerNotInitialized: advice('A request before `initialize`.', 'Wait for the result of `initialize`.'),
  RequestCancelled: advice('`$/cancelRequest` ended it. Executions answer with their result instead.', 'Nothing.'),
  SessionNotFound: advice('No session has this id.', 'Make one with `session/create`.'),
  SessionClosed: advice('The session is closed or closing; `data.reason` says why.', 'Make a new one.'),
  TooManySessions: advice('As many sessions are open as are allowed.', 'Close one, or wait.'),
  CommandNotFound: advice('No running command has this id.', 'It has ended: use its result.'),
  RuntimeUnavailable: advice('No runtime here can do this. `data` has runtime, reason and hint, and after a choice `candidates`.', 'Follow the hint, or name another runtime.'),
  LanguageUnsupported: advice('Nothing here runs this language: no runtime (`data.candidates`), or not this sandbox.', 'Choose an image or a runtime that has.'),
  SandboxFailed: advice('The sandbox could not be made. Nothing of it is left.', 'Read the message; trying again may work.'),
  SandboxLost: advice('The sandbox went away during the request.', 'Make a new session. What was in it is gone.'),
  IsolationUnavailable: advice('`strict` was asked for, and `data.layers` are less than enforced.', 'Mend the host, or do without `strict`.'),
  InvalidPath: advice('Not a path under `/workspace` or `/tmp`.', 'Use one that is.'),
  FileNotFound: advice('Nothing is there.', 'Look with `command/listDirectory`.'),
  FileExists: advice('Something is there, and it was not to be replaced.', 'Choose another name, or allow overwriting.'),
  WrongFileType: advice('A directory where a file is needed, or the reverse.', 'Use the other command, or `recursive`.'),
  FileTooLarge: advice('More than one message may carry.', 'Go in pieces: `append`, or `offset` and `length`.'),
  DiskFull: advice('`diskBytes` is used up.', 'Delete something, or ask for more in a new session.'),
  RateLimited: advice('Too many requests at a time.', 'Wait for `data.retryAfterMs`.'),
  QuotaExceeded: advice('A quota is used up. `data` has quota, limit and used.', 'Wait for the next period, or have it raised.'),
  PolicyDenied: advice('The configuration does not allow it. `data` has policy and rule.', 'Ask for less, or have the configuration changed.'),
  NotTrusted: advice('The workspace is not trusted.', 'Trust it in the editor, or do without the folder.'),
  PackageInstallFailed: advice('The package manager failed.', 'Read its output.'),
  DebugUnavailable: advice('This session cannot be debugged.', 'Look at `capabilities.debug`.'),
};

/** What any request can get. */
const ofEvery: readonly ErrorKind[] = ['InvalidRequest', 'MethodNotFound', 'InvalidParams', 'InternalError', 'ServerNotInitialized', 'RequestCancelled'];
/** What any command in a session can get. */
const ofSessionCommands: readonly ErrorKind[] = ['SandboxLost', 'RateLimited', 'QuotaExceeded', 'PolicyDenied'];

/** The errors that a request can get, in the order of the codes. An alias can get those of every method that it may stand for. */
export function errorsOf(method: Method): ErrorKind[] {
  const standsFor: readonly Method[] = method.by === 'alias' ? [method, ...methods.filter(isSessionCommand)] : [method];
  const possible = new Set(standsFor.flatMap(ownErrors));
  if (method.name === Initialize.name) possible.delete('ServerNotInitialized');
  return (Object.keys(errorCodes) as ErrorKind[]).filter((kind) => possible.has(kind));
}

function ownErrors(method: Method): readonly ErrorKind[] {
  const bySubject = { daemon: [], session: ['SessionNotFound', 'SessionClosed'], command: ['CommandNotFound'] } as const;
  return [...ofEvery, ...bySubject[method.subject], ...(isSessionCommand(method) ? ofSessionCommands : []), ...method.errors];
}
