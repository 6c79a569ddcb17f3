/** The meaning of each error code, what the client can do about it, and which requests can fail with it. */
import { type ErrorKind, errorCodes } from './errors.ts';
import type { Method } from './method.ts';
import { beginsWork, Initialize, isSessionCommand, methods } from './methods.ts';

export interface ErrorAdvice {
  /** What it means, and when it comes. */
  readonly meaning: string;
  /** What the client can do. */
  readonly action: string;
  /** What the person before the client can do. */
  readonly person: string;
  /** The members of `data` besides `kind`, which may be absent where they say nothing. */
  readonly data: Readonly<Record<string, string>>;
}

const advice = (meaning: string, action: string, person: string, data: ErrorAdvice['data'] = {}): ErrorAdvice => ({ meaning, action, person, data });

const fixClient = 'This is a fault of the client (the editor’s extension, or a program of yours). Update it, or report it to those who wrote it.';
const ofManager = { manager: 'The package manager.', exitCode: 'Its exit code.', signal: 'What ended it.', output: 'The end of what it printed.' };
const path = { path: 'The path, as the sandbox has it.' };

export const errorGuide: Readonly<Record<ErrorKind, ErrorAdvice>> = {
  ParseError: advice('The body of the message is not JSON in UTF-8. The id of the answer is null, because it could not be read.', 'Fix the client’s JSON.', fixClient),
  InvalidRequest: advice(
    'The body is JSON, but not a message that is valid here: for example a batch, a second `initialize`, an id that is still in flight, or a body that is too large.', 'Fix the client.',
    `${fixClient} Where the message says that it was too large, raise \`sizes.messageBytes\`. Where it is about protocol versions, the client and the daemon are too far apart: update the older one.`,
    { supported: 'Where a client speaks none of the daemon’s versions of the protocol: the versions that the daemon speaks.' },
  ),
  MethodNotFound: advice(
    'This daemon does not serve this method to this client.', 'Send only the methods in `capabilities.methods`.',
    'The daemon is older than the client, or what serves the method is switched off (`history.enabled`). Update the daemon: `codebeaker --version` says which one it is.',
    { method: 'The method.' },
  ),
  InvalidParams: advice(
    'The params do not have the required shape. `data.issues` is a list of `{path, message}`.', 'Fix the params that the issues name.',
    'Correct what the message names, if you have typed it. Where a text is too long, `sizes` of the configuration has the bound. Otherwise it is a fault of the client.',
    { issues: 'A list of `{path, message}`, one for each param that is wrong.', limit: 'The key of the configuration that has the bound of a text that is too long.', maximum: 'How many bytes that text may have.' },
  ),
  InternalError: advice(
    'The daemon itself failed.', 'Report it together with the daemon’s log. Trying again may work.',
    'Try again. If it comes again, report it together with the log of the daemon (`--log-level debug`, `--log-file`), which has the cause.',
  ),
  ServerNotInitialized: advice('The request came before `initialize`.', 'Send `initialize` first and wait for its result.', fixClient),
  RequestCancelled: advice(
    '`$/cancelRequest` cancelled the request, or the connection is closing. An execution that is cancelled answers with its result instead.', 'Nothing needs to be done.',
    'Nothing: somebody has stopped it, or the client or the daemon has ended.',
  ),
  SessionNotFound: advice(
    'No session has this id.', 'Create one with `session/create`.',
    'Run the program again: the session was closed some time ago, or belongs to another client. `session/list` lists those that are open.',
    { sessionId: 'The id.' },
  ),
  SessionClosed: advice(
    'The session is closed or closing. `data.reason` says why. The daemon remembers that of the last sessions; for earlier ones it answers 1001.', 'Create a new session.',
    'Run the program again. If sessions close too early for you, raise `sessions.idleTimeoutMs` or `sessions.maxLifetimeMs`.',
    { sessionId: 'The id.', reason: 'Why it was closed, as in `session/stateChanged`.' },
  ),
  TooManySessions: advice(
    'The maximum number of sessions is open. `data.max` is that number.', 'Close a session, or wait until one closes.',
    'Close sandboxes that you no longer need (in VS Code, the view Sandbox Sessions; in Neovim, `:SandboxSessions`), or raise `sessions.max`.',
    { max: 'How many may be open.' },
  ),
  CommandNotFound: advice('No running command has this id.', 'The command has probably ended: use its result.', 'Nothing: the program has ended already.', { commandId: 'The id.' }),
  ShuttingDown: advice(
    'The daemon is shutting down: it takes on nothing new, and what runs has `data.endsInMs` milliseconds left. Files can still be read.',
    'Start the daemon again, or wait until whoever looks after it has, and connect anew.',
    'Somebody has told the daemon to end. Save what you need from open sandboxes, and connect again when it is back.',
    { endsInMs: 'How many milliseconds what runs has left.' },
  ),
  DaemonUnreachable: advice(
    '`codebeaker connect` answers `initialize` with this where it cannot connect with the daemon. `data.reason` is `address` (nothing answers), `token`, `tls`, `ssh`, `settings` (the address, the token or a file is wrong), `refused` or `other` (what answers is no daemon).', 'Follow the message. After it, the process ends.',
    'Follow the message: start the daemon over there, or correct its address, the token or the certificate in the settings of your editor. Troubleshooting has the usual messages.',
    { reason: 'What is in the way, in one word.' },
  ),
  RuntimeUnavailable: advice(
    'No available runtime meets the request, or the engine of one gave no answer, for example when a sandbox was to be removed. `data` has `runtime`, `reason` and `hint`, and `candidates` where the daemon had to choose.',
    'Follow the hint, or name another runtime.',
    'Follow the hint in the message: start Docker, install bubblewrap, or choose another runtime. `codebeaker doctor` shows what this machine has and what is missing.',
    { runtime: 'The id of the runtime.', reason: 'Why it is not available.', hint: 'What makes it available.', candidates: 'Each runtime that was considered, and why it was not taken.' },
  ),
  LanguageUnsupported: advice(
    'The language cannot be run: no runtime has it (see `data.candidates`), or this session’s sandbox lacks it.', 'Choose a runtime or an image that has the language.',
    'Name an image that has the language in `images` of the configuration, install the language on this machine for `native`, or name the language if it was guessed wrongly. `codebeaker doctor` shows which runtime has which language.',
    { language: 'The language.', candidates: 'Each runtime that was considered, and why it was not taken.', manager: 'The package manager that the sandbox lacks.', errno: 'What the kernel answered.' },
  ),
  SandboxFailed: advice(
    'The sandbox could not be created or removed, or could not do what was asked of it. Of one that could not be created nothing is left behind.', 'Read the message. Trying again may work.',
    'The message has the words of the engine or of the kernel. Troubleshooting lists the usual ones; `codebeaker doctor` tries out what this machine can do.',
    { status: 'The HTTP status with which the Docker engine refused.', errno: 'What the kernel answered, such as `EAGAIN`.', ...path },
  ),
  SandboxLost: advice(
    'The sandbox disappeared during the request. Everything in it is lost.', 'Create a new session.',
    'Run the program again. A sandbox is lost when somebody removes its container, when Docker restarts, or when the machine has no memory left.',
  ),
  IsolationUnavailable: advice(
    '`strict` was set, and the layers in `data.layers` are not fully enforced; or a folder can’t be shared safely.', 'Change the host so that they are, or do without `strict`.',
    'Use a runtime that enforces all layers (Docker, or better gVisor), or do without `strict`. Of a folder, share a copy.',
    { layers: 'The layers, each with `name`, `state` and `detail`; or their names alone.' },
  ),
  InvalidPath: advice('The path is not valid, or not under `/workspace` or `/tmp`.', 'Use a path under one of these.', 'Name a path below `/workspace` or `/tmp`. If it is one, the message says what is wrong with it, such as permissions.', path),
  FileNotFound: advice(
    'No file or directory has this path.', 'List the directory with `command/listDirectory`.',
    'Check the name. What lies beside your program comes into the sandbox only if it was sent along, and what a program made is gone with its sandbox.',
    { ...path, uri: 'The address of the folder that was to be shared.' },
  ),
  FileExists: advice('A file or directory with this path exists, and the request does not allow replacing it.', 'Choose another path, or allow overwriting.', 'Choose another name, or allow that the file is replaced.', path),
  WrongFileType: advice(
    'The path is a directory where a file is needed, or the reverse, or a directory that is not empty.', 'Use the command for the other type, or set `recursive`.',
    'Check whether you have named a folder where a file is needed, or the reverse.', path,
  ),
  FileTooLarge: advice(
    'The content is larger than one message may carry.', 'Write in pieces with mode `append`; read in pieces with `offset` and `length`.',
    'Make the file smaller, or use a client that sends and reads files in pieces.', { ...path, maxBytes: 'The most that it may have.' },
  ),
  DiskFull: advice(
    'The session’s `diskBytes` are used up. Of an installation: its `packageBytes` (then `data.limit` says so), or the disk of the machine with the cache of packages.',
    'Delete files, or create a session with a higher limit. Where the machine’s disk is full, make room there: `codebeaker cache prune`.',
    'Raise the limit (`--disk`, `limits.diskBytes`, which is at most half of `memoryBytes`; for packages `limits.packageBytes`), or let the program write less. Where the message speaks of the disk of this machine, make room there: `codebeaker cache prune`.',
    { ...path, limit: 'The limit that was reached, where it is `packageBytes`.', ...ofManager },
  ),
  RateLimited: advice(
    'The method was called too often, too many requests are waiting, or too many answers have not been read.', 'Wait `data.retryAfterMs` milliseconds, then send the request again.',
    'Wait a moment. If it comes again and again, the client has gone wild, or `rates` of the configuration are too low.',
    { retryAfterMs: 'After so many milliseconds the request can be sent again.', method: 'The method that was called too often.', perMinute: 'How often it may be called in a minute.' },
  ),
  QuotaExceeded: advice(
    'A quota is used up. `data` has `quota`, `limit` and `used`.', 'Wait for the next period, or have the quota raised.',
    '`codebeaker usage` shows what was used. Wait for midnight, begin a new session, close one, or raise the key of `quotas` that the message names.',
    { quota: 'Its name, such as `perDay.commands`.', limit: 'How much may be used.', used: 'How much was used.', resetsAt: 'When it begins anew.', betweenCommands: 'Whether it is looked at only before a command begins.' },
  ),
  PolicyDenied: advice(
    'The configuration does not allow the request. `data` has `policy` and `rule`.', 'Ask for less, or have the configuration changed.',
    'The message names the key that forbids it. Change the configuration file if it is yours (`codebeaker config show` says which file has the key), the `.codebeaker.json` of the project, or the `initializationOptions` of your client; otherwise ask for less.',
    { policy: 'The section of the configuration.', rule: 'The key.', maximum: 'The most that may be asked for.', file: 'What says so: the name of the project’s file, or `the initializationOptions of the client`. Absent: the configuration file does.', findings: 'What was found in code that is refused.', advisories: 'The known weaknesses of packages that are refused.' },
  ),
  NotTrusted: advice(
    'The client does not trust the workspace.', 'Trust the workspace in the editor, or create the session without the folder.',
    'Trust the workspace in the editor, if you trust who wrote what is in it. Otherwise run the file alone.',
  ),
  PackageInstallFailed: advice(
    'The package manager failed, or is set up in a way that can’t be kept in a sandbox. Nothing was changed.', 'Read the output of the package manager.',
    'The message has what the package manager said last. Check the names and versions, and whether the registries of this machine can be reached.',
    { ...ofManager, outcome: 'How it ended, where it did not end by itself.' },
  ),
  DebugUnavailable: advice(
    'The program cannot be debugged: the client has not declared that it can, or there is no debugger for the language here.', 'Follow `data.hint`. `capabilities.debug` has the languages that can be debugged on this host.',
    'Follow the hint in the message: most often the debugger of the language has to be installed. `codebeaker doctor` says what can be debugged, and what to type for more.',
    { language: 'The language.', missing: 'What is not there.', hint: 'How to get it.' },
  ),
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
