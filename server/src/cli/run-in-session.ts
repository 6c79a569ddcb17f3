/** The session of `codebeaker run`: sends the file and what goes along, runs it, and tells how it ended. */
import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import type { WorkDoneProgressReport } from 'vscode-languageserver-protocol';
import { errorCodes, type MissingModule, RunCode, type RunCodeResult, type Session, SessionCreate, SignalCommand } from '../protocol/index.ts';
import type { RunArguments } from './arguments.ts';
import type { Asker } from './ask.ts';
import type { LocalClient } from './client.ts';
import { Exit, exitCodeOf } from './exit-codes.ts';
import { checkRoom, fitting, gather, type Gathered, isBelow } from './folder.ts';
import type { Interrupts } from './interrupts.ts';
import { Complaints, leftBehind } from './left-behind.ts';
import { inOptions } from './session-faults.ts';
import { unfit } from './package-faults.ts';
import type { PackagesMode } from '../policy/packages.ts';
import { findNeeded, installNeeded } from './provision.ts';
import { optionsOfLimits } from './limit-names.ts';
import { inUnits } from './quantities.ts';
import { publish } from './publish.ts';
import type { Report } from './report.ts';
import { watchFiles, wordsFor } from './save.ts';
import { filesOf, secretsFor } from './secrets.ts';
import { attach, isTerminal, sizeOf } from './screen.ts';
import { type Outgoing, sendFiles } from './send.ts';
import { CannotRun, folderOf, lookInto, type Source, unreadable } from './source.ts';
import type { Spinner } from './spinner.ts';
import { collectOutput, passInput, showOutput, type Terminal } from './streams.ts';
import type { Surroundings } from './surroundings.ts';
import { wordsForEnd } from './verdict.ts';

const CREATE_TOKEN = 'create';
const COMMAND_ID = 'run';
/** So much of the file is shown to the daemon before it chooses a runtime. */
const MAX_LOOK_BYTES = 64 * 1024;
/** What tells programs which colours are wanted. */
const PASSED_ON = ['NO_COLOR', 'FORCE_COLOR', 'COLORTERM', 'TERM'];

export interface RunParts {
  readonly args: RunArguments;
  readonly source: Source;
  readonly terminal: Terminal;
  readonly spinner: Spinner;
  readonly interrupts: Interrupts;
  readonly surroundings: Pick<Surroundings, 'env' | 'home' | 'clock'>;
  readonly report: Report;
  /** Whether the packages of a manifest are installed, as the configuration says. */
  readonly packages: PackagesMode;
  /** The names of the secrets that the configuration has. */
  readonly secretNames: readonly string[];
  /** Whom the daemon's questions go to; undefined: nobody. */
  readonly asker: Asker | undefined;
  tell(message: string): void;
}

/** @returns the exit code. @throws CannotRun, ResponseError */
export async function runInSession(client: LocalClient, parts: RunParts): Promise<number> {
  const { connection } = client;
  const { args, source, spinner, interrupts, report, tell } = parts;
  const { token } = interrupts;
  const file = await placed(args, source);
  await checkNamed(args, source);
  const gathering = gatherFor(file, parts);
  gathering.catch(() => undefined);
  connection.onProgress(new ProgressType<WorkDoneProgressReport>(), CREATE_TOKEN, ({ message, percentage }) => {
    if (message) spinner.say(percentage === undefined ? message : `${message} ${percentage} %`);
  });
  const needed = await findNeeded({ args, configured: parts.packages, language: source.language, folder: folderOfRun(args, source), terminal: parts.terminal, spinner, signal: interrupts.signal, tell });
  const secrets = await secretsFor(args.secrets, parts.secretNames, parts.surroundings.env);
  const program = { path: file.path, code: await lookInto(file, MAX_LOOK_BYTES) };
  const wish = { language: source.language, runtime: args.runtime, limits: args.limits, network: args.reach.network, ...secrets, program, workDoneToken: CREATE_TOKEN, ...(needed ? { packages: { names: [] } } : {}) };
  const session = await connection.sendRequest<Session>(SessionCreate.name, wish, token).catch((fault: unknown) => {
    throw needed ? unfit(inOptions(fault), needed.manifest) : inOptions(fault);
  });
  report.add({ runtime: session.runtime, isolation: session.isolation });
  const { limits, sessionId } = session;
  if (limits.diskBytes < (args.limits.diskBytes ?? 0)) tell(`--disk is lowered to ${inUnits(limits.diskBytes)}, half of the memory; --memory makes more room`);
  checkRoom(args.file, file.size, limits.diskBytes, optionsOfLimits);
  const along = fitting(await gathering, limits.diskBytes);
  if (along.incomplete) tell(`only ${along.files.length} of the files beside ${args.file} go along, because there are too many or they are too large; --with, --folder and --no-folder say what goes along`);
  spinner.say('sending the files');
  await sendFiles((method, params) => connection.sendRequest(method, params, token), sessionId, [file, ...along.files]);
  if (needed) await installNeeded(connection, session, needed, parts);
  const saver = args.save && (await watchFiles(connection, sessionId, args.save, { sent: [file, ...along.files], source: file.path, maxBytes: limits.diskBytes, token }));
  if (args.publish.length > 0) await publish(connection, sessionId, args.publish, args.json ? () => undefined : tell, token);
  spinner.clear();
  const complaints = new Complaints();
  const { code, missing } = await runProgram(client, session, file.path, parts, complaints);
  if (code !== 0 && !interrupts.cancelled) {
    if (complaints.missing) for (const line of await left(parts, along.ignored, complaints)) tell(line);
    if (missing && !args.json) for (const line of offer(missing, args)) tell(line);
  }
  if (!saver || interrupts.cancelled) return code;
  const saved = await saver.save(args.save?.to ?? folderFor(args, source));
  report.add(saved);
  if (!args.json) for (const line of wordsFor(saved)) tell(line);
  return code === 0 && saved.notSaved.length > 0 ? Exit.notSaved : code;
}

/** What the program may have looked for that lies here. Who sends a file alone wants nothing else to go along. */
async function left({ args, source, surroundings: { home } }: RunParts, ignored: readonly string[], complaints: Complaints): Promise<string[]> {
  if (args.folder === null || source.host === undefined) return [];
  return leftBehind({
    language: source.language, args: args.args, with: args.with.map((path) => resolve(path)), ignored, mentions: (text) => complaints.mentions(text),
    here: resolve('.'), folder: folderFor(args, source), named: args.folder !== undefined, home,
  });
}

/** The packages that the program lacked. Those that were installed did not help. */
function offer({ packages }: MissingModule, { package: installed }: RunArguments): string[] {
  const names = packages.filter((name) => !installed.includes(name));
  if (names.length === 0) return [];
  const [those, them] = names.length === 1 ? ['that is the package', 'it'] : ['those are the packages', 'them'];
  return [`if ${those} ${names.join(' and ')}: codebeaker run ${names.map((name) => `--package ${name}`).join(' ')} installs ${them}`];
}

/** The folder that goes along. undefined: none does. */
export function folderOfRun(args: RunArguments, source: Source): string | undefined {
  return args.folder === null || source.host === undefined ? undefined : folderFor(args, source);
}

/** The folder of this machine that is /workspace for the program. */
function folderFor({ folder }: RunArguments, { host }: Source): string {
  if (typeof folder === 'string') return resolve(folder);
  return host === undefined ? resolve('.') : folderOf(host);
}

/** FILE with its path in the folder that goes along. */
async function placed({ folder }: RunArguments, { file, host }: Source): Promise<Outgoing> {
  if (typeof folder !== 'string' || host === undefined) return file;
  if (!isBelow(host, resolve(folder))) throw new CannotRun(`${folder}: the file does not lie in this folder`);
  return { ...file, path: relative(resolve(folder), host).split(sep).join('/') };
}

/** Whatever `--with` names must be there, and go along. @throws CannotRun */
async function checkNamed(args: RunArguments, source: Source): Promise<void> {
  const folder = folderFor(args, source);
  for (const path of args.with) {
    if (source.host === undefined) throw new CannotRun(`--with ${path}: nothing goes along with a program that comes from a pipe`);
    if (!isBelow(resolve(path), folder)) throw new CannotRun(`--with ${path}: it does not lie in ${folder}, the folder that goes along; --folder names another one`);
    await stat(path).catch((fault: unknown) => {
      throw unreadable(`--with ${path}`, fault);
    });
  }
}

async function gatherFor(file: Outgoing, { args, source, interrupts: { signal }, surroundings: { env, home } }: RunParts): Promise<Gathered> {
  const { folder, with: named } = args;
  const { host } = source;
  if (folder === null || host === undefined) return { files: [], ignored: [], incomplete: false };
  return gather({ folder: folderFor(args, source), except: file.path, without: filesOf(args.secrets), with: named, env, home, signal });
}

async function runProgram({ connection }: LocalClient, session: Session, path: string, parts: RunParts, complaints: Complaints): Promise<{ readonly code: number; readonly missing: MissingModule | undefined }> {
  const { args, source: { language, host }, terminal, interrupts, surroundings: { env, clock }, report } = parts;
  const collected = args.json ? collectOutput(connection) : showOutput(connection, terminal, { heard: (bytes) => complaints.hear(bytes), whenFree: (write) => (parts.asker ? parts.asker.whenQuiet(write) : write()) });
  const wantsTerminal = !args.json && (args.tty ?? isTerminal(terminal));
  const screen = wantsTerminal ? await attach(connection, COMMAND_ID, terminal, clock, () => interrupts.cancel()) : undefined;
  const stopSending = interrupts.programRuns((signal) => {
    const params = { commandId: COMMAND_ID, signal };
    connection.sendRequest(SignalCommand.name, params).catch(() => interrupts.cancel());
  });
  const program = { sessionId: session.sessionId, path, language, args: args.args, env: variables(args, env), ...(host === undefined ? {} : { uri: pathToFileURL(resolve(host)).href }), commandId: COMMAND_ID, outputEncoding: 'base64' };
  const start = (on: object) => connection.sendRequest<RunCodeResult>(RunCode.name, { ...program, ...on }, interrupts.token);
  // Where both outputs go to the same place, the order in which the program writes to them is to be seen there.
  const pipes = { interactive: true, stderrToStdout: terminal.oneOutput && !args.json };
  const running = screen ? start({ pty: sizeOf(terminal.stdout) }) : start(pipes);
  const stopInput = passInput(connection, COMMAND_ID, terminal.stdin, { ...screen?.input, takes: (bytes) => parts.asker?.takes(bytes) ?? false });
  try {
    const result = await running.catch((fault: unknown) => {
      if (args.tty || !screen || !(fault instanceof ResponseError) || fault.code !== errorCodes.LanguageUnsupported) throw fault;
      // A runtime without terminals runs the program with pipes.
      screen.detach();
      return start(pipes);
    });
    report.add({ ...result, ...collected?.() });
    screen?.detach();
    return { code: ending(session, result, parts), missing: result.missing };
  } finally {
    screen?.detach();
    stopSending();
    stopInput();
    parts.asker?.close();
  }
}

/** The variables of the program. A variable that is not set here is not passed on. */
function variables({ env: named }: RunArguments, here: Surroundings['env']): Record<string, string> {
  const all = { ...Object.fromEntries(PASSED_ON.map((name) => [name, here[name]])), ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name, value ?? here[name]])) };
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Tells why the program was stopped, if it did not end by itself. @returns the exit code */
function ending(session: Session, result: RunCodeResult, { args, interrupts, tell }: RunParts): number {
  if (result.outcome === 'cancelled' && interrupts.cancelled) return interrupts.exitCode;
  const words = wordsForEnd(session.limits, result);
  if (words !== undefined && (!args.json || result.outcome === 'cancelled')) tell(words);
  return exitCodeOf(result);
}
