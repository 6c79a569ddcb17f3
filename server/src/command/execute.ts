/** From params to a finished execution: what every command that runs programs has in common, and `command/executeShell`. */
import type { Clock } from '../base/clock.ts';
import type { CommandIdentity, EventStream } from '../events/events.ts';
import { shorter } from '../policy/policy.ts';
import {
  type CommandUsage,
  type ExecuteShellParams,
  type Execution as ExecutionResult,
  invalidParam,
  type Outcome,
} from '../protocol/index.ts';
import type { Program } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import type { WarmInterpreters } from '../warm/interpreters.ts';
import type { RunningCommands } from './commands.ts';
import { decodeContent } from './content.ts';
import { Execution } from './execution.ts';
import { CollectedOutput, type OutputTarget, type SendOutput, StreamedOutput } from './output.ts';
import { resolvePath } from './paths.ts';

export interface ExecuteContext {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly commands: RunningCommands;
  readonly signal: AbortSignal;
  /** Opens the way of a command's output to the client; `close` when the command has ended. */
  stream(commandId: string): { send: SendOutput; close(): void };
  readonly maxChunkBytes: number;
  readonly warm: WarmInterpreters;
}

type Common = Omit<ExecuteShellParams, 'command'>;

export async function executeShell(session: Session, params: ExecuteShellParams, context: ExecuteContext): Promise<ExecutionResult> {
  const settings = programSettings(session, params);
  const { phases: _, ...result } = await execute(session, params, context, (execution, started) =>
    execution.run('run', { command: params.command, ...settings }, started),
  );
  return result;
}

/** Runs `work` as one command of the session. Its result, or its error, is the last thing the client hears of it. */
export async function execute(
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

/** What every execution asks for, whatever it runs. @throws ProtocolError InvalidParams, InvalidPath */
export function programSettings(session: Session, params: Common): Omit<Program, 'command'> {
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
