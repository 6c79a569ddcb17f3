/** `codebeaker run FILE`: runs one file in a new session. */
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { CancellationTokenSource, ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import type { LogMessageParams, WorkDoneProgressReport } from 'vscode-languageserver-protocol';
import { languageOfPath } from '../command/language.ts';
import { type LanguageId, languageIds, RunCode, type RunCodeResult, type Session, SessionCreate, WriteFile } from '../protocol/index.ts';
import type { RunArguments } from './arguments.ts';
import { connectLocally, type LocalClient } from './client.ts';
import type { Daemon } from './daemon.ts';
import type { Surroundings } from './surroundings.ts';
import { Spinner } from './spinner.ts';
import { collectOutput, passInput, showOutput, type Terminal } from './streams.ts';

const CREATE_TOKEN = 'create';
const COMMAND_ID = 'run';
/** The program could not be run. docker and env use the same code. */
const EXIT_NOT_STARTED = 125;
const EXIT_TIMED_OUT = 124;
const EXIT_INTERRUPTED = 130;
/** 128 + SIGPIPE, as for a program that writes to a pipe without a reader. */
const EXIT_NOT_READ = 141;

/** The file that is run. */
interface Source {
  readonly language: LanguageId;
  readonly content: Buffer;
}

/** The file cannot be run. The message says what to do. */
class CannotRun extends Error {}

/** @returns the exit code. Errors are written to stderr. */
export async function run(daemon: Daemon, surroundings: Surroundings, args: RunArguments, terminal: Terminal): Promise<number> {
  const spinner = new Spinner(terminal.stderr, surroundings.clock);
  const tell = (message: string) => {
    spinner.clear();
    terminal.stderr.write(`codebeaker: ${message}\n`);
  };
  const cancel = new CancellationTokenSource();
  const stopListening = terminal.onInterrupt(() => cancel.cancel());
  let unwritable: { code?: string } | undefined;
  for (const stream of [terminal.stdout, terminal.stderr]) {
    stream.on('error', (fault: { code?: string }) => {
      unwritable ??= fault;
      cancel.cancel();
    });
  }
  let code = EXIT_NOT_STARTED;
  try {
    const source = await read(args);
    spinner.say('looking for a sandbox');
    const client = await connect(daemon, surroundings, tell);
    try {
      code = await runInSession(client, args, source, terminal, spinner, cancel.token, tell);
    } finally {
      stopListening();
      await client.close();
    }
  } catch (fault) {
    if (cancel.token.isCancellationRequested) code = EXIT_INTERRUPTED;
    else tell(fault instanceof ResponseError || fault instanceof CannotRun ? fault.message : String(fault));
  } finally {
    stopListening();
    spinner.clear();
    await daemon.close();
  }
  if (unwritable && unwritable.code !== 'EPIPE') tell(`the output cannot be written: ${unwritable.code}`);
  return unwritable ? (unwritable.code === 'EPIPE' ? EXIT_NOT_READ : EXIT_NOT_STARTED) : code;
}

/** @throws CannotRun */
async function read({ file, language = languageOfPath(file) }: RunArguments): Promise<Source> {
  try {
    const content = await readFile(file);
    if (language) return { language, content };
  } catch (fault) {
    const { code } = fault as { code?: string };
    throw new CannotRun(`${file}: ${code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`}`);
  }
  throw new CannotRun(`${file}: its extension does not say which language it is; add --language with one of ${languageIds.join(', ')}`);
}

async function connect(daemon: Daemon, surroundings: Surroundings, tell: (message: string) => void): Promise<LocalClient> {
  const client = await connectLocally(daemon, surroundings, {
    clientInfo: { name: 'codebeaker run', version: surroundings.version },
    // Only one program is run, so no sandbox needs to be prepared for another one.
    initializationOptions: { pool: {} },
    capabilities: { output: { flowControl: true }, window: { workDoneProgress: true } },
  });
  client.connection.onNotification('window/logMessage', ({ message }: LogMessageParams) => tell(message));
  return client;
}

async function runInSession(
  { connection }: LocalClient,
  args: RunArguments,
  { language, content }: Source,
  terminal: Terminal,
  spinner: Spinner,
  token: CancellationTokenSource['token'],
  tell: (message: string) => void,
): Promise<number> {
  connection.onProgress(new ProgressType<WorkDoneProgressReport>(), CREATE_TOKEN, ({ message, percentage }) => {
    if (message) spinner.say(percentage === undefined ? message : `${message} ${percentage} %`);
  });
  const { runtime, memoryBytes, timeoutMs, json } = args;
  const limits = { memoryBytes, timeoutMs };
  const session = await connection.sendRequest<Session>(SessionCreate.name, { language, runtime, limits, workDoneToken: CREATE_TOKEN }, token);
  const { sessionId } = session;
  const path = basename(args.file);
  await connection.sendRequest(WriteFile.name, { sessionId, path, content: content.toString('base64'), encoding: 'base64' }, token);
  spinner.clear();
  const collected = json ? collectOutput(connection) : showOutput(connection, terminal);
  const outputEncoding = json ? 'utf-8' : 'base64';
  const program = { sessionId, path, language, args: args.args, interactive: true, commandId: COMMAND_ID, outputEncoding };
  const running = connection.sendRequest<RunCodeResult>(RunCode.name, program, token);
  const stopInput = passInput(connection, COMMAND_ID, terminal.stdin);
  try {
    const result = await running;
    if (json) terminal.stdout.write(`${JSON.stringify({ runtime: session.runtime, isolation: session.isolation, ...result, ...collected })}\n`);
    if (result.outcome === 'cancelled' && !token.isCancellationRequested) {
      tell('stopped: its session reached its maximum lifetime (sessions.maxLifetimeMs)');
      return EXIT_TIMED_OUT;
    }
    return exitCode(session, result, json ? () => undefined : tell);
  } finally {
    stopInput();
  }
}

/** Tells why the program was stopped, if it did not end by itself. */
function exitCode({ limits }: Session, { outcome, exitCode: code, signal }: RunCodeResult, tell: (message: string) => void): number {
  switch (outcome) {
    case 'exited':
      return code ?? EXIT_NOT_STARTED;
    case 'signaled':
      return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
    case 'cancelled':
      return EXIT_INTERRUPTED;
    case 'timedOut':
      tell(`stopped: it ran longer than ${limits.timeoutMs} ms (--timeout)`);
      return EXIT_TIMED_OUT;
    case 'memoryLimit':
      tell(`stopped: it used more memory than ${limits.memoryBytes} bytes (--memory)`);
      return 137;
    case 'outputLimit':
      tell(`stopped: it printed more than ${limits.outputBytes} bytes (limits.outputBytes)`);
      return EXIT_NOT_STARTED;
    case 'sandboxLost':
      tell('the sandbox was lost while it ran');
      return EXIT_NOT_STARTED;
  }
}
