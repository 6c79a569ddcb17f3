/** What `launch` of `codebeaker dap` does: a session with the files of the program, and a debugger in it. */
import { basename, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import type { LogMessageParams } from 'vscode-languageserver-protocol';
import { abortable } from '../base/promises.ts';
import { CannotConnect } from '../bridge/fault.ts';
import type { DapMessage, Json } from '../debug/dap.ts';
import { ConfigError } from '../policy/config-file.ts';
import { CreateDirectory, type DebugMessageParams, DebugEnded, DebugMessage, DebugStart, InstallPackages, type InstallPackagesResult, type LanguageId, type Limits, ProtocolError, type Session, SessionCreate } from '../protocol/index.ts';
import { type DapArguments, dapArguments } from './dap-arguments.ts';
import type { DapDaemon } from './dap-daemon.ts';
import { inMembers } from './dap-faults.ts';
import { type EditorTerminal, openTerminal } from './dap-terminal.ts';
import { checkRoom, fitting, gather, isBelow, projectFolders } from './folder.ts';
import { membersOfLimits, writtenLimit } from './limit-names.ts';
import { type PackageWords, whyNot } from './package-faults.ts';
import { UsageError } from './quantities.ts';
import { sendFiles } from './send.ts';
import { CannotRun, findSource, lookInto, type Source } from './source.ts';
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
  /** Has the editor run something in a terminal. Rejects with words for people. undefined: it does not do that. */
  readonly runInTerminal: ((args: Json) => Promise<void>) | undefined;
  take(message: DapMessage): void;
  /** `why`: words for people, where nobody else has told them. */
  ended(why: string | undefined): void;
  /** Tells the person something. */
  tell(text: string): void;
}

const DEBUG_ID = 'dap';
/** What a program tells of the runtime that it is written for stands in its beginning. */
const HINT_BYTES = 256 * 1024;
const NOTHING = { files: [], ignored: [], incomplete: false };
const packageWords: PackageWords = {
  name: 'packages.names: ',
  limit: 'limits.packageBytes',
  without: (manifest) => `(without packages.manifest the program is debugged without the packages of ${manifest})`,
};

/** @throws CannotRun, CannotConnect, UsageError, ResponseError, ProtocolError: `wordsOf` has words for each */
export async function launchDebug(daemon: DapDaemon, surroundings: Surroundings, given: Json, { language: typed, signal, runInTerminal, take, ended, tell }: DapLaunchOptions): Promise<DapLaunch> {
  const args = dapArguments(given);
  const { folder, alone, cwd, terminal: wanted, ...asked } = args;
  const manifest = args.manifest === undefined ? undefined : relativeTo(folder, resolve(folder, args.manifest));
  const source = await sourceOf(args, { typed, isFolderNamed: typeof given.folder === 'string' }, signal);
  const program = relativeTo(folder, args.program);
  const start = cwd === undefined ? '' : relativeTo(folder, cwd);
  const goesAlong = cwd === undefined || start === '' || (!alone && isBelow(cwd, folder));
  const folders = alone ? [] : await projectFolders(folder);
  const client = await daemon.connect({
    clientInfo: { name: 'codebeaker dap', version: surroundings.version },
    // Their files only forbid something, so nobody is asked whether they are trusted.
    workspaceFolders: folders.map((path) => ({ uri: pathToFileURL(path).href, name: basename(path) })),
    capabilities: { debug: { adapter: true }, output: { flowControl: true } },
  }, signal);
  const { connection } = client;
  let [disconnected, lost] = [false, false];
  let terminal: EditorTerminal | undefined;
  const close = async () => {
    await client.close();
    terminal?.close();
  };
  const gone = client.lost.then((why): never => {
    lost = true;
    throw new CannotRun(why);
  });
  gone.catch(() => undefined);
  const cancelling = new CancellationTokenSource();
  const ask = async <R>(method: string, params: object): Promise<R> => {
    try {
      // A daemon that does not answer any more is not waited for.
      return await abortable(signal, connection.sendRequest<R>(method, params, cancelling.token));
    } catch (fault) {
      return Promise.race([gone, Promise.reject(inMembers(fault, asked.session.runtime) as Error)]);
    }
  };
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => cancelling.cancel(), { once: true });
    connection.onNotification('window/logMessage', ({ message }: LogMessageParams) => tell(message));
    connection.onNotification(DebugMessage.name, ({ message }: DebugMessageParams) => take(message as unknown as DapMessage));
    if (!goesAlong) tell(`the program does not start in ${cwd}, which does not go along into the sandbox`);
    const gathering = alone ? Promise.resolve(NOTHING) : gather({ folder, except: program, without: [], with: manifest === undefined ? [] : [join(folder, manifest)], env: surroundings.env, home: surroundings.home, signal });
    gathering.catch(() => undefined);
    const written = { program: { path: program, code: await lookInto(source.file, HINT_BYTES) }, debug: true };
    const wish = { language: source.language, label: 'codebeaker dap', ...asked.session, ...written };
    const { sessionId, limits } = await ask<Session>(SessionCreate.name, wish).catch((fault: unknown) => {
      throw whyNot(fault, undefined, packageWords);
    });
    connection.onNotification(DebugEnded.name, () => {
      terminal?.end();
      // Why it has ended was told as what the debugger says.
      ended(undefined);
    });
    tellDisk(asked.session, limits, tell);
    checkRoom(`launch: program: ${args.program}`, source.file.size, limits.diskBytes, membersOfLimits);
    const along = fitting(await gathering, limits.diskBytes);
    if (along.incomplete) tell(`only ${along.files.length} of the files in the folder of the program go along, because there are too many or they are too large; folder in the configuration names another one`);
    await sendFiles(ask, sessionId, [{ ...source.file, path: program }, ...along.files]);
    // Of a folder in which nothing goes along, nothing is there yet.
    if (goesAlong && start !== '') await ask(CreateDirectory.name, { sessionId, path: start });
    if (manifest !== undefined) {
      tell(`the packages of ${manifest} are installed`);
      const { outcome, stderr } = await ask<InstallPackagesResult>(InstallPackages.name, { sessionId, manifest }).catch((fault: unknown) => {
        throw whyNot(fault, manifest, packageWords);
      });
      if (outcome !== 'exited') throw new CannotRun(`the packages of ${manifest} were not installed (${outcome}): ${stderr}`);
    }
    if (wanted !== undefined && !runInTerminal) tell('the program has no input, because this editor starts nothing in a terminal for a debug adapter (supportsRunInTerminalRequest)');
    if (wanted !== undefined && runInTerminal) {
      terminal = await openTerminal({ surroundings, kind: wanted, title: `codebeaker: ${program}`, cwd: folder, ask: runInTerminal, signal });
      terminal.show(connection);
    }
    await ask(DebugStart.name, {
      sessionId, path: program, language: source.language, debugId: DEBUG_ID,
      cwd: (goesAlong && start) || '.',
      pathMappings: [{ client: folder, sandbox: '/workspace' }],
      ...(terminal ? { pty: terminal.size } : {}),
      ...asked.start,
    });
    terminal?.attach(connection, DEBUG_ID);
  } catch (fault) {
    await close();
    throw fault;
  }
  void client.lost.then((why) => {
    terminal?.end();
    ended(why);
  });
  return {
    get disconnected() {
      return disconnected;
    },
    send: (message) => {
      disconnected ||= message.type === 'request' && message.command === 'disconnect';
      if (!lost) connection.sendNotification(DebugMessage.name, { debugId: DEBUG_ID, message }).catch(() => undefined);
    },
    close,
  };
}

/** The program, when everything that `launch` names is there. @throws CannotRun */
async function sourceOf({ program, language, folder, alone, cwd, manifest }: DapArguments, { typed, isFolderNamed }: { readonly typed: LanguageId | undefined; readonly isFolderNamed: boolean }, signal: AbortSignal): Promise<Source> {
  if (cwd !== undefined) await requireFolder('cwd', cwd);
  if (isFolderNamed) await requireFolder('folder', folder);
  if (manifest !== undefined && alone) throw new CannotRun('launch: packages.manifest is a file of the folder that goes along, and folder is false');
  if (manifest !== undefined && !isBelow(resolve(folder, manifest), folder)) throw new CannotRun(`launch: packages.manifest must be a file in ${folder}, the folder that goes along, and is ${manifest}`);
  if (manifest !== undefined && !(await statsOf(resolve(folder, manifest)))?.isFile()) throw new CannotRun(`launch: packages.manifest: there is no file ${manifest} in ${folder}, the folder that goes along`);
  return findSource({ file: program, language: typed ?? language, saying: 'language says it,' }, new PassThrough(), signal).catch((fault: unknown) => {
    throw fault instanceof CannotRun ? new CannotRun(`launch: program: ${fault.message}`) : fault;
  });
}

async function requireFolder(name: string, path: string): Promise<void> {
  const stats = await statsOf(path);
  if (!stats?.isDirectory()) throw new CannotRun(`launch: ${name}: ${stats ? `${path} is no folder` : `there is no folder ${path}`}`);
}

function statsOf(path: string) {
  return stat(path).catch(() => undefined);
}

function relativeTo(folder: string, path: string): string {
  return relative(folder, path).split(sep).join('/');
}

function tellDisk({ limits: asked }: Json, { diskBytes }: Limits, tell: (text: string) => void): void {
  const { diskBytes: wanted = 0 } = (asked ?? {}) as Partial<Limits>;
  if (diskBytes < wanted) tell(`limits.diskBytes is lowered to ${writtenLimit.diskBytes(diskBytes)}, half of the memory; limits.memoryBytes makes more room`);
}

/** Why it was not launched. */
export function wordsOf(fault: unknown): string {
  return [ResponseError, CannotRun, CannotConnect, ConfigError, UsageError, ProtocolError].some((kind) => fault instanceof kind) ? (fault as Error).message : String(fault);
}
