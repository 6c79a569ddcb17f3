/** What all commands that run programs have in common, from their params to their result; and `command/executeShell`. */
import type { Clock } from '../base/clock.ts';
import type { CommandIdentity, EventStream } from '../events/events.ts';
import { shorter } from '../policy/policy.ts';
import {
  type CommandUsage,
  type Environment,
  type ExecuteShellParams,
  type Execution,
  invalidParam,
  type Outcome,
  type OutputStreams,
} from '../protocol/index.ts';
import type { Program } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import type { WarmInterpreters } from '../warm/interpreters.ts';
import type { RunningCommands } from './commands.ts';
import { decodeContent } from './content.ts';
import { CollectedOutput, type OutputTarget, type SendOutput, StreamedOutput } from './output.ts';
import { resolvePath } from './paths.ts';
import type { CommandQuota } from './quota.ts';
import { type OpenOutput, RawStreams } from './raw-output.ts';
import { RedactedOutput } from './redacted-output.ts';
import { RunningCommand } from './running-command.ts';
import { type RunText, type Scan, textOf } from './script.ts';
import { type DataStreams, requireStreams } from './streams.ts';

export interface ExecuteContext {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly commands: Pick<RunningCommands, 'reserve' | 'add'>;
  readonly signal: AbortSignal;
  /** Opens the stream of a command's output to the client. `close` must be called when the command has ended. */
  stream(commandId: string): { send: SendOutput; close(): void };
  readonly maxChunkBytes: number;
  /** The streams of the connection's data channel. Absent: it has none. */
  readonly data?: DataStreams | undefined;
  /** Opens the streams for raw output. Absent: they are those of the data channel. */
  readonly openOutput?: OpenOutput | undefined;
  readonly warm: WarmInterpreters;
  /** A program is about to begin in the session. */
  begins(session: Session): void;
  /** What a command that prints much waits for, as in Turns. */
  aside(): Promise<void> | undefined;
  /** The quotas to which a session's commands count. */
  quota(session: Session): CommandQuota;
  /** undefined: nothing is scanned. */
  readonly scan?: Scan | undefined;
}

/** Returns what the program has to wait for, if anything. It is no longer waited for when something ends the command. */
export function scanned({ scan }: Pick<ExecuteContext, 'scan'>, session: Session, text: RunText, running: RunningCommand): Promise<void> | undefined {
  const verdict = scan?.(session, { ...text, commandId: running.commandId, done: running.done });
  return verdict && Promise.race([verdict, running.halted]);
}

type Common = Omit<ExecuteShellParams, 'command'>;

export async function executeShell(session: Session, params: ExecuteShellParams, context: ExecuteContext): Promise<Execution> {
  const settings = programSettings(session, params);
  const { phases: _, ...result } = await execute(session, params, context, async (running, started) => {
    const text = context.scan && textOf(params.command);
    if (text) await scanned(context, session, text, running);
    return running.run('run', { command: params.command, ...settings, env: environmentOf(session, params) }, started);
  });
  return result;
}

/**
 * Runs one command of the session: `runPrograms` runs its programs and calls `started` when the first one has started.
 * `limitMs`: how long it may take at the most; by default the session's own limit counts. The result, or the error, is the
 * last message that the client gets about the command.
 */
export async function execute(
  session: Session,
  params: Common,
  context: ExecuteContext,
  runPrograms: (running: RunningCommand, started: () => void) => Promise<unknown>,
  limitMs = session.limits.timeoutMs,
) {
  const { outputStreams } = params;
  const raw = outputStreams && openRaw(outputStreams, context);
  try {
    const run: typeof runPrograms = (running, started) => {
      context.begins(session);
      return runPrograms(running, started);
    };
    return await executeInto((commandId) => outputOf(raw, commandId, params, context), session, params, context, run, limitMs);
  } finally {
    raw?.close();
  }
}

/** @throws ProtocolError InvalidParams */
function openRaw(numbers: OutputStreams, { data, openOutput }: ExecuteContext): RawStreams {
  const streams = requireStreams(data, 'outputStreams');
  return new RawStreams(numbers, openOutput ?? ((stream) => streams.send(stream)));
}

/** Where the output of one command goes, until `close`. */
interface WayOut {
  readonly target: OutputTarget;
  close?(): void;
}

function outputOf(raw: RawStreams | undefined, commandId: string, params: Common, { stream, maxChunkBytes }: ExecuteContext): WayOut {
  const streamed = params.commandId === undefined ? undefined : stream(commandId);
  const encoding = params.outputEncoding ?? 'utf-8';
  const text: OutputTarget = streamed ? new StreamedOutput(streamed.send, encoding, maxChunkBytes) : new CollectedOutput(encoding);
  return { target: raw?.target(text) ?? text, ...streamed && { close: () => streamed.close() } };
}

/** As `execute`, with the output going to what `open` returns. `limitMs`: 0 means no limit. */
export async function executeInto(
  open: (commandId: string) => WayOut,
  session: Session,
  params: Pick<Common, 'commandId' | 'timeoutMs'>,
  { clock, events, commands, signal, aside, quota }: Pick<ExecuteContext, 'clock' | 'events' | 'commands' | 'signal' | 'aside' | 'quota'>,
  runPrograms: (running: RunningCommand, started: () => void) => Promise<unknown>,
  limitMs: number,
) {
  const commandId = commands.reserve(params.commandId);
  const opened = open(commandId);
  const output = opened.target;
  const { secrets } = session.environment;
  const { outputBytes } = session.limits;
  const command: CommandIdentity = { ...session.identity, commandId };
  const firstInSession = session.countProgram();
  const running = new RunningCommand({
    commandId,
    sandbox: session.sandbox,
    clock,
    target: secrets ? new RedactedOutput(output, () => secrets.redactor()) : output,
    outputBytes,
    cpus: session.limits.cpus,
    quota: quota(session),
    timeoutMs: shorter(limitMs, params.timeoutMs),
    signal,
    aside,
    heard: (afterMs) => events.emit({ kind: 'commandHeard', command, afterMs, firstInSession }),
  });
  commands.add(running);
  try {
    return await session.command(async (started) => {
      session.track(running);
      events.emit({ kind: 'commandBegan', command });
      const begin = clock.monotonic();
      const ended = (outcome: Outcome | 'failed', outputBytes: number, usage?: CommandUsage) =>
        events.emit({ kind: 'commandEnded', command, outcome, durationMs: clock.monotonic() - begin, outputBytes, usage });
      try {
        await runPrograms(running, started).catch((fault: unknown) => {
          if (!running.stopped) throw fault;
        });
        const result = await running.finish();
        session.account(result.usage);
        ended(result.outcome, result.stdoutBytes + result.stderrBytes, result.usage);
        return result;
      } catch (fault) {
        ended('failed', 0);
        throw fault;
      }
    }, running.halted.then(() => running.finish()));
  } finally {
    running.release();
    opened.close?.();
  }
}

/** The variables of a program that begins now. A command that waits may begin with others, because the one before it installs packages. */
export function environmentOf(session: Session, { env }: Pick<Common, 'env'>): Environment {
  return { ...session.env, ...env };
}

/** The settings that the params give for every program, whatever is run. @throws ProtocolError InvalidParams, InvalidPath */
export function programSettings(session: Session, params: Common): Omit<Program, 'command'> {
  const input = params.stdin === undefined ? undefined : decodeContent(params.stdin, 'utf-8', 'stdin');
  const open = params.interactive === true || params.pty !== undefined;
  if (open && input) throw invalidParam('stdin', 'cannot be combined with interactive or pty; send the input with command/input');
  return {
    cwd: resolvePath(params.cwd ?? '.'),
    env: environmentOf(session, params),
    stdin: open ? 'open' : input && input.length > 0 ? input : 'none',
    pty: params.pty,
    stderrToStdout: params.stderrToStdout ?? false,
  };
}
