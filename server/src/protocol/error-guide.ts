/** What each error code means, what its receiver can do, and which requests may get it. */
import type { ErrorKind } from './errors.ts';
import { CreateDirectory, Initialize, type Method } from './methods.ts';

/** A request, as far as its errors follow from it: the method and the names of its params. */
export interface Asked {
  readonly method: Method;
  readonly fields: readonly string[];
}

type Answers = (asked: Asked) => boolean;

export interface ErrorAdvice {
  readonly meaning: string;
  readonly action: string;
  readonly answers: Answers;
}

const every: Answers = () => true;
const never: Answers = () => false;
const takes =
  (...names: string[]): Answers =>
  ({ fields }) =>
    names.some((name) => fields.includes(name));
const is =
  (which: Method): Answers =>
  ({ method }) =>
    method.name === which.name;
const either =
  (...parts: Answers[]): Answers =>
  (asked) =>
    parts.some((part) => part(asked));
const not =
  (part: Answers): Answers =>
  (asked) =>
    !part(asked);

const createsSession = takes('maxLifetimeMs');
const choosesRuntime = either(createsSession, takes('requirements'));
const namesSession = takes('sessionId');
const runsInSession: Answers = (asked) => asked.method.section === 'Commands' && namesSession(asked);
const namesFile = takes('path', 'source', 'destination', 'cwd', 'manifest');

const advice = (meaning: string, action: string, answers: Answers): ErrorAdvice => ({ meaning, action, answers });

export const errorGuide: Readonly<Record<ErrorKind, ErrorAdvice>> = {
  ParseError: advice('The body is no JSON.', 'Mend the writer. The id is null: it could not be read.', never),
  InvalidRequest: advice('JSON, but no message that fits here: a batch, a second `initialize`, an id in flight, a body that is too large.', 'Mend the client.', every),
  MethodNotFound: advice('Not served by this daemon for this client.', 'Look at `capabilities.methods` first.', every),
  InvalidParams: advice('The params do not fit. `data.issues` lists `{path, message}`.', 'Mend what the issues name.', every),
  InternalError: advice('The daemon’s own fault.', 'Report it with the daemon’s log; trying again may work.', every),
  ServerNotInitialized: advice('A request before `initialize`.', 'Wait for the result of `initialize`.', not(is(Initialize))),
  RequestCancelled: advice('`$/cancelRequest` ended it. Executions answer with their result instead.', 'Nothing.', every),
  SessionNotFound: advice('No session has this id.', 'Make one with `session/create`.', namesSession),
  SessionClosed: advice('The session is closed or closing; `data.reason` says why.', 'Make a new one.', runsInSession),
  TooManySessions: advice('As many sessions are open as are allowed.', 'Close one, or wait.', createsSession),
  CommandNotFound: advice('No running command has this id.', 'It has ended: use its result.', (asked) => takes('commandId')(asked) && !namesSession(asked)),
  RuntimeUnavailable: advice('No runtime here can do this. `data` has runtime, reason and hint, and after a choice `candidates`.', 'Follow the hint, or name another runtime.', choosesRuntime),
  LanguageUnsupported: advice('Nothing here runs this language: no runtime (`data.candidates`), or not this sandbox.', 'Choose an image or a runtime that has.', takes('language')),
  SandboxFailed: advice('The sandbox could not be made. Nothing of it is left.', 'Read the message; trying again may work.', createsSession),
  SandboxLost: advice('The sandbox went away during the request.', 'Make a new session. What was in it is gone.', runsInSession),
  IsolationUnavailable: advice('`strict` was asked for, and `data.layers` are less than enforced.', 'Mend the host, or do without `strict`.', createsSession),
  InvalidPath: advice('Not a path under `/workspace` or `/tmp`.', 'Use one that is.', namesFile),
  FileNotFound: advice('Nothing is there.', 'Look with `command/listDirectory`.', namesFile),
  FileExists: advice('Something is there, and it was not to be replaced.', 'Choose another name, or allow overwriting.', either(takes('mode', 'overwrite'), is(CreateDirectory))),
  WrongFileType: advice('A directory where a file is needed, or the reverse.', 'Use the other command, or `recursive`.', namesFile),
  FileTooLarge: advice('More than one message may carry.', 'Go in pieces: `append`, or `offset` and `length`.', takes('content', 'length')),
  DiskFull: advice('`diskBytes` is used up.', 'Delete something, or ask for more in a new session.', either(takes('content', 'destination', 'code'), is(CreateDirectory))),
  RateLimited: advice('Too many requests at a time.', 'Wait for `data.retryAfterMs`.', either(createsSession, runsInSession)),
  QuotaExceeded: advice('A quota is used up. `data` has quota, limit and used.', 'Wait for the next period, or have it raised.', either(createsSession, runsInSession)),
  PolicyDenied: advice('The configuration does not allow it. `data` has policy and rule.', 'Ask for less, or have the configuration changed.', either(choosesRuntime, runsInSession)),
  NotTrusted: advice('The workspace is not trusted.', 'Trust it in the editor, or do without the folder.', createsSession),
  PackageInstallFailed: advice('The package manager failed.', 'Read its output.', takes('packages')),
  DebugUnavailable: advice('This session cannot be debugged.', 'Look at `capabilities.debug`.', never),
};
