/** `command/executeShell` and `command/runCode`: from params to a finished execution. */
import type { Clock } from '../base/clock.ts';
import { nextTurn } from '../base/promises.ts';
import type { CommandIdentity, EventStream } from '../events/events.ts';
import { shorter } from '../policy/policy.ts';
import {
  type CommandUsage,
  type ExecuteShellParams,
  type Execution as ExecutionResult,
  invalidParam,
  type LanguageId,
  type Outcome,
  ProtocolError,
  type RunCodeParams,
  type RunCodeResult,
} from '../protocol/index.ts';
import { toolNames } from '../runtime/languages.ts';
import type { Program } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import type { Ahead } from './ahead.ts';
import type { RunningCommands } from './commands.ts';
import { decodeContent } from './content.ts';
import { Execution } from './execution.ts';
import { languageOf } from './language.ts';
import { CollectedOutput, type OutputTarget, type SendOutput, StreamedOutput } from './output.ts';
import { resolveEntry, resolvePath } from './paths.ts';
import { scratchFolder, sourcePath, TemporaryFiles } from './temporary.ts';

export interface ExecuteContext {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly commands: RunningCommands;
  readonly signal: AbortSignal;
  /** Opens the way of a command's output to the client; `close` when the command has ended. */
  stream(commandId: string): { send: SendOutput; close(): void };
  readonly maxChunkBytes: number;
  /** Interpreters that wait. */
  readonly ahead: Ahead;
}

type Common = Omit<ExecuteShellParams, 'command'>;

export async function executeShell(session: Session, params: ExecuteShellParams, context: ExecuteContext): Promise<ExecutionResult> {
  const settings = programSettings(session, params);
  const { phases: _, ...result } = await execute(session, params, context, (execution, started) =>
    execution.run('run', { command: params.command, ...settings }, started),
  );
  return result;
}

export async function runCode(session: Session, params: RunCodeParams, context: ExecuteContext): Promise<RunCodeResult> {
  const settings = programSettings(session, params);
  const { path, code } = sourceOf(params);
  const language = languageOf(params, session.language);
  const result = await execute(session, params, context, async (execution, started) => {
    const { files } = session.sandbox;
    const toolchain = await session.sandbox.toolchain(language);
    if (!toolchain) throw notHere(language);
    const temporary = new TemporaryFiles(session);
    const primed = context.ahead.take(session, { toolchain, file: path, args: params.args ?? [], program: settings });
    try {
      const file = path ?? (await temporary.source(primed && settings.cwd === '/workspace' ? primed.readiness.file : sourcePath(settings.cwd, toolchain), code));
      const scratch = scratchFolder();
      const phases = toolchain.phases(file, params.args ?? [], scratch);
      if (phases.length > 1 || phases.some((phase) => phase.files)) temporary.add(scratch);
      if (phases.length > 1) await files.createDirectory(scratch, true);
      if (primed && !primed.runs(file)) context.ahead.discard(session, primed);
      else if (primed) temporary.add(primed.scratch);
      if (primed?.runs(file)) {
        const order = { cwd: settings.cwd, file, env: settings.env, args: params.args ?? [] };
        await execution.run('run', { ...settings, command: [] }, started, (sink) => primed.go(order, settings.stdin, sink));
      } else for (const phase of phases) {
        if (!execution.mayGoOn) break;
        for (const [path, text] of Object.entries(phase.files ?? {})) {
          await files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
        }
        const program: Program = { ...settings, command: phase.command, env: { ...phase.env, ...settings.env } };
        const compiles = phase.name === 'compile' ? ({ stdin: 'none', pty: undefined } as const) : {};
        await execution.run(phase.name, { ...program, ...compiles }, started);
      }
    } finally {
      session.tidy(() => temporary.remove());
    }
  });
  // The answer leaves first.
  void nextTurn().then(() => context.ahead.prepare(session, language, path));
  return { ...result, language };
}

/** Runs `work` as one command of the session. Its result, or its error, is the last thing the client hears of it. */
async function execute(
  session: Session,
  params: Common,
  { clock, events, commands, signal, stream, maxChunkBytes }: ExecuteContext,
  work: (execution: Execution, started: () => void) => Promise<void>,
) {
  const commandId = commands.reserve(params.commandId);
  const channel = params.commandId === undefined ? undefined : stream(commandId);
  const encoding = params.outputEncoding ?? 'utf-8';
  const target: OutputTarget = channel
    ? new StreamedOutput(channel.send, encoding, maxChunkBytes)
    : new CollectedOutput(encoding);
  const { outputBytes, timeoutMs } = session.limits;
  const command: CommandIdentity = { ...session.identity, commandId };
  const firstInSession = session.countProgram();
  const execution = new Execution({
    commandId,
    sandbox: session.sandbox,
    clock,
    target,
    outputBytes,
    timeoutMs: shorter(timeoutMs, params.timeoutMs),
    signal,
    heard: (afterMs) => events.emit({ kind: 'commandHeard', command, afterMs, firstInSession }),
  });
  commands.add(execution);
  try {
    return await session.command(async (started) => {
      session.track(execution);
      events.emit({ kind: 'commandBegan', command });
      const begin = clock.monotonic();
      const ended = (outcome: Outcome | 'failed', outputBytes: number, usage?: CommandUsage) =>
        events.emit({ kind: 'commandEnded', command, outcome, durationMs: clock.monotonic() - begin, outputBytes, usage });
      try {
        await work(execution, started).catch((fault: unknown) => {
          if (!execution.stopped) throw fault;
        });
        const result = await execution.finish();
        session.account(result.usage);
        ended(result.outcome, result.stdoutBytes + result.stderrBytes, result.usage);
        return result;
      } catch (fault) {
        ended('failed', 0);
        throw fault;
      }
    });
  } finally {
    execution.release();
    channel?.close();
  }
}

function programSettings(session: Session, params: Common): Omit<Program, 'command'> {
  const input = params.stdin === undefined ? undefined : decodeContent(params.stdin, 'utf-8', 'stdin');
  const open = params.interactive === true || params.pty !== undefined;
  if (open && input) throw invalidParam('stdin', 'cannot go with interactive or pty; send it with command/input');
  return {
    cwd: resolvePath(params.cwd ?? '.'),
    env: { ...session.env, ...params.env },
    stdin: open ? 'open' : input && input.length > 0 ? input : 'none',
    pty: params.pty,
  };
}

function sourceOf({ code, path }: RunCodeParams): { code: Buffer; path: undefined } | { path: string; code: undefined } {
  if (code !== undefined && path === undefined) return { code: decodeContent(code, 'utf-8', 'code'), path };
  if (path !== undefined && code === undefined) return { path: resolveEntry(path), code };
  throw invalidParam('code', 'give either code or path');
}

function notHere(language: LanguageId): ProtocolError {
  const tools = toolNames(language).join(', or ');
  return new ProtocolError('LanguageUnsupported', `this sandbox has nothing to run ${language} with: it needs ${tools}`, { language });
}
