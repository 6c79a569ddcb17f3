/** What `launch` of `codebeaker dap` does: a session with the files of the program, and a debugger in it. */
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import type { LogMessageParams } from 'vscode-languageserver-protocol';
import { debuggerOf } from '../debug/adapters/table.ts';
import type { DapMessage, Json } from '../debug/dap.ts';
import { type DebugEndedParams, type DebugMessageParams, DebugEnded, DebugMessage, DebugStart, type LanguageId, languageIds, ProtocolError, type Session, SessionCreate } from '../protocol/index.ts';
import { connectLocally } from './client.ts';
import type { Daemon } from './daemon.ts';
import { fitting, gather, isBelow } from './folder.ts';
import { sendFiles } from './send.ts';
import { CannotRun, findSource } from './source.ts';
import type { Surroundings } from './surroundings.ts';

export interface DapLaunch {
  /** Whether the client has asked it to end. */
  readonly disconnected: boolean;
  send(message: DapMessage): void;
  /** When this resolves, the sandbox is gone. */
  close(): Promise<void>;
}

export interface DapLaunchOptions {
  /** That of the command line. undefined: `launch` says it, or the name of the program does. */
  readonly language: LanguageId | undefined;
  readonly signal: AbortSignal;
  take(message: DapMessage): void;
  ended(params: DebugEndedParams): void;
  /** Tells the person something. */
  tell(text: string): void;
}

const DEBUG_ID = 'dap';

/** @throws CannotRun, ResponseError, ProtocolError: `wordsOf` has words for each */
export async function launchDebug(daemon: Daemon, surroundings: Surroundings, given: Json, { language: typed, signal, take, ended, tell }: DapLaunchOptions): Promise<DapLaunch> {
  const program = textIn(given, 'program');
  if (program === undefined || !isAbsolute(program)) throw new CannotRun('launch: program must be the absolute path of the file that is to be debugged');
  const language = typed ?? languageIn(given);
  const source = await findSource({ file: program, language }, new PassThrough(), signal);
  const cwd = textIn(given, 'cwd');
  const folder = folderFor(given, program, cwd);
  const inside = (path: string) => relative(folder, path).split(sep).join('/');
  const client = await connectLocally(daemon, surroundings, {
    clientInfo: { name: 'codebeaker dap', version: surroundings.version },
    initializationOptions: { pool: {} },
    capabilities: { debug: { adapter: true } },
  });
  const { connection } = client;
  let disconnected = false;
  try {
    const cancelling = new CancellationTokenSource();
    signal.addEventListener('abort', () => cancelling.cancel(), { once: true });
    connection.onNotification('window/logMessage', ({ message }: LogMessageParams) => tell(message));
    connection.onNotification(DebugMessage.name, ({ message }: DebugMessageParams) => take(message as unknown as DapMessage));
    connection.onNotification(DebugEnded.name, ended);
    const { token } = cancelling;
    const gathering = gather({ folder, except: inside(program), without: [], with: [], env: surroundings.env, home: surroundings.home, signal });
    gathering.catch(() => undefined);
    const engine = debuggerOf(source.language)?.engine;
    // Of the runtimes, those whose programs can be debugged come first.
    const written = engine === undefined ? {} : { program: { path: inside(program), code: `#!/usr/bin/env ${engine}` } };
    const wish = { language: source.language, label: 'codebeaker dap', ...pick(given, ['runtime', 'limits', 'network', 'image', 'preference', 'strict']), ...packagesIn(given), ...written };
    const { sessionId, limits } = await connection.sendRequest<Session>(SessionCreate.name, wish, token);
    const along = fitting(await gathering, limits.diskBytes);
    if (along.incomplete) tell(`only ${along.files.length} of the files in the folder of the program go along, because there are too many or they are too large; folder in the configuration names another one`);
    await sendFiles((method, params) => connection.sendRequest(method, params, token), sessionId, [{ ...source.file, path: inside(program) }, ...along.files]);
    await connection.sendRequest(DebugStart.name, {
      sessionId, path: inside(program), language: source.language, debugId: DEBUG_ID,
      cwd: cwd === undefined || !isBelow(cwd, folder) ? '.' : inside(cwd) || '.',
      pathMappings: [{ client: folder, sandbox: '/workspace' }],
      ...pick(given, ['args', 'env', 'stopOnEntry', 'justMyCode']),
      ...timeoutIn(given),
    }, token);
  } catch (fault) {
    await client.close();
    throw fault;
  }
  return {
    get disconnected() {
      return disconnected;
    },
    send: (message) => {
      disconnected ||= message.type === 'request' && message.command === 'disconnect';
      connection.sendNotification(DebugMessage.name, { debugId: DEBUG_ID, message }).catch(() => undefined);
    },
    close: () => client.close(),
  };
}

/** Why it was not launched. */
export function wordsOf(fault: unknown): string {
  return fault instanceof ResponseError || fault instanceof CannotRun || fault instanceof ProtocolError ? fault.message : String(fault);
}

/** The folder that goes along: the one that is named, else `cwd` if the program lies there, else that of the program. */
function folderFor(given: Json, program: string, cwd: string | undefined): string {
  const named = textIn(given, 'folder');
  if (named !== undefined && !(isAbsolute(named) && isBelow(program, resolve(named)))) throw new CannotRun('launch: folder must be the absolute path of a folder in which the program lies');
  if (named !== undefined) return resolve(named);
  return cwd !== undefined && isAbsolute(cwd) && isBelow(program, resolve(cwd)) ? resolve(cwd) : dirname(program);
}

function languageIn(given: Json): LanguageId | undefined {
  const named = textIn(given, 'language');
  if (named === undefined) return undefined;
  const known = languageIds.find((id) => id === named);
  if (!known) throw new CannotRun(`launch: there is no language ${named}; language is one of ${languageIds.join(', ')}`);
  return known;
}

/** A time limit of the session is one that was asked for. */
function timeoutIn({ limits }: Json): { timeoutMs?: unknown } {
  const { timeoutMs } = (typeof limits === 'object' && limits !== null ? limits : {}) as { timeoutMs?: unknown };
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** A list of names is enough. */
function packagesIn({ packages }: Json): { packages?: unknown } {
  if (packages === undefined) return {};
  return { packages: Array.isArray(packages) ? { names: packages } : packages };
}

/** What the daemon's own schemas check. */
function pick(given: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined || given[name] === null ? [] : [[name, given[name]]])));
}

function textIn(given: Json, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new CannotRun(`launch: ${name} must be a text`);
  return value;
}
