/** `codebeaker run FILE`. */
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { CancellationTokenSource, ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import type { WorkDoneProgressReport } from 'vscode-languageserver-protocol';
import { languageOfPath } from '../command/language.ts';
import {
  CommandAck,
  CommandInput,
  CommandOutput,
  type CommandOutputParams,
  RunCode,
  type RunCodeResult,
  type Session,
  SessionCreate,
  WriteFile,
} from '../protocol/index.ts';
import type { RunArguments } from './arguments.ts';
import { connectLocally, type LocalClient } from './client.ts';
import type { Daemon, Host } from './daemon.ts';
import { Spinner } from './spinner.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Calls back on Ctrl-C; the result stops that. */
  onInterrupt(callback: () => void): () => void;
}

const CREATE_TOKEN = 'create';
const COMMAND_ID = 'run';
/** Could not be started: as docker and env have it. */
const EXIT_NOT_STARTED = 125;
const EXIT_TIMED_OUT = 124;
const EXIT_INTERRUPTED = 130;

/** @returns the exit code. Faults of ours are told on stderr. */
export async function run(daemon: Daemon, host: Host, args: RunArguments, terminal: Terminal): Promise<number> {
  const spinner = new Spinner(terminal.stderr, host.clock);
  const fail = (message: string) => {
    spinner.clear();
    terminal.stderr.write(`codebeaker: ${message}\n`);
    return EXIT_NOT_STARTED;
  };
  let content: Buffer;
  try {
    content = await readFile(args.file);
  } catch (fault) {
    await daemon.close();
    const code = (fault as { code?: string }).code;
    return fail(`${args.file}: ${code === 'ENOENT' ? 'no such file' : `can't be read (${code})`}`);
  }
  spinner.say('looking for a sandbox');
  const client = await connectLocally(daemon, host, {
    clientInfo: { name: 'codebeaker run', version: host.version },
    capabilities: { output: { flowControl: true }, window: { workDoneProgress: true } },
  });
  const cancel = new CancellationTokenSource();
  const stopListening = terminal.onInterrupt(() => cancel.cancel());
  try {
    const { session, result } = await runInSession(client, args, content, terminal, spinner, cancel.token);
    return report(session, result, args, terminal);
  } catch (fault) {
    if (cancel.token.isCancellationRequested) return EXIT_INTERRUPTED;
    return fail(fault instanceof ResponseError ? fault.message : String(fault));
  } finally {
    stopListening();
    spinner.clear();
    await client.close();
  }
}

async function runInSession(
  { connection }: LocalClient,
  args: RunArguments,
  content: Buffer,
  terminal: Terminal,
  spinner: Spinner,
  token: CancellationTokenSource['token'],
): Promise<{ session: Session; result: RunCodeResult }> {
  const language = args.language ?? languageOfPath(args.file);
  connection.onProgress(new ProgressType<WorkDoneProgressReport>(), CREATE_TOKEN, ({ message, percentage }) => {
    if (message) spinner.say(percentage === undefined ? message : `${message} ${percentage} %`);
  });
  const session = await connection.sendRequest<Session>(SessionCreate.name, {
    language,
    runtime: args.runtime,
    limits: {
      ...(args.memoryBytes === undefined ? {} : { memoryBytes: args.memoryBytes }),
      ...(args.timeoutMs === undefined ? {} : { timeoutMs: args.timeoutMs }),
    },
    workDoneToken: CREATE_TOKEN,
  }, token);
  const { sessionId } = session;
  const path = basename(args.file);
  await connection.sendRequest(WriteFile.name, { sessionId, path, content: content.toString('base64'), encoding: 'base64' }, token);
  spinner.clear();
  if (!args.json) showOutput(connection, terminal);
  const running = connection.sendRequest<RunCodeResult>(RunCode.name, {
    sessionId,
    path,
    language,
    args: args.args,
    interactive: true,
    ...(args.json ? {} : { commandId: COMMAND_ID }),
    ...(args.timeoutMs === undefined ? {} : { timeoutMs: args.timeoutMs }),
  }, token);
  const stopInput = args.json ? () => undefined : passInput(connection, terminal.stdin);
  try {
    return { session, result: await running };
  } finally {
    stopInput();
  }
}

/** Acknowledged when the terminal, or the pipe, has taken it: a slow reader slows the program. */
function showOutput(connection: LocalClient['connection'], { stdout, stderr }: Terminal): void {
  connection.onNotification(CommandOutput.name, ({ commandId, stream, seq, data }: CommandOutputParams) => {
    (stream === 'stderr' ? stderr : stdout).write(data, () => {
      void connection.sendNotification(CommandAck.name, { commandId, seq }).catch(() => undefined);
    });
  });
}

function passInput(connection: LocalClient['connection'], stdin: NodeJS.ReadStream): () => void {
  const send = (params: { data: string; encoding?: 'base64'; end?: boolean }) => {
    void connection.sendNotification(CommandInput.name, { commandId: COMMAND_ID, ...params }).catch(() => undefined);
  };
  const onData = (chunk: Buffer) => send({ data: chunk.toString('base64'), encoding: 'base64' });
  const onEnd = () => send({ data: '', end: true });
  stdin.on('data', onData).once('end', onEnd).once('error', onEnd);
  return () => {
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
    stdin.destroy();
  };
}

function report(session: Session, result: RunCodeResult, { json }: RunArguments, { stdout, stderr }: Terminal): number {
  if (json) stdout.write(`${JSON.stringify({ runtime: session.runtime, isolation: session.isolation, ...result })}\n`);
  const tell = (message: string, code: number) => {
    if (!json) stderr.write(`codebeaker: ${message}\n`);
    return code;
  };
  switch (result.outcome) {
    case 'exited':
      return result.exitCode ?? EXIT_NOT_STARTED;
    case 'signaled':
      return 128 + (constants.signals[result.signal as NodeJS.Signals] ?? 0);
    case 'cancelled':
      return EXIT_INTERRUPTED;
    case 'timedOut':
      return tell(`stopped: it ran longer than ${session.limits.timeoutMs} ms (--timeout)`, EXIT_TIMED_OUT);
    case 'memoryLimit':
      return tell(`stopped: it used more memory than ${session.limits.memoryBytes} bytes (--memory)`, 137);
    case 'outputLimit':
      return tell(`stopped: it printed more than ${session.limits.outputBytes} bytes`, EXIT_NOT_STARTED);
    case 'sandboxLost':
      return tell('the sandbox was lost while it ran', EXIT_NOT_STARTED);
  }
}
