/** The commands that run programs, and what is said to a program that runs. */
import { constants } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { abortable } from '../../base/promises.ts';
import type { WarmInterpreters } from '../../warm/interpreters.ts';
import type { RunningCommands } from '../../command/commands.ts';
import { decode } from '../../command/content.ts';
import { type ExecuteContext, executeShell } from '../../command/execute.ts';
import { runCode } from '../../command/run-code.ts';
import type { EventStream } from '../../events/events.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';
import { MAX_CHUNK_BYTES, type OutputChannels } from '../flow.ts';
import type { Handlers } from './handler.ts';

export interface ExecutionParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly commands: RunningCommands;
  readonly channels: OutputChannels;
  readonly warm: WarmInterpreters;
}

export function executionHandlers({ client, clock, events, commands, channels, warm }: ExecutionParts) {
  const context = (signal: AbortSignal): ExecuteContext => ({
    clock,
    events,
    commands,
    signal,
    maxChunkBytes: MAX_CHUNK_BYTES,
    warm,
    stream: (commandId) => {
      const channel = channels.open(commandId);
      return { send: (piece) => channel.send(piece), close: () => channels.close(commandId) };
    },
  });

  return {
    'command/executeShell': (session, params, signal) => executeShell(session, params, context(signal)),
    'command/runCode': (session, params, signal) => runCode(session, params, context(signal)),
    'command/signal': async (command, { signal }) => {
      if (!(signal in constants.signals)) throw invalidParam('signal', `${signal} is not a signal of this system`);
      await command.signal(signal);
      return null;
    },
    'command/ack': (_command, params) => {
      channels.ack(params);
      return null;
    },
    'command/input': async (command, { commandId, data, encoding, end }) => {
      const taken = command.input(decode(data, encoding, 'data'), end ?? false);
      if (!taken) await client.logMessage(2, `command ${commandId} takes no input and too much is waiting: a piece was dropped`);
      return null;
    },
    'command/drain': async (command, _params, signal) => {
      await abortable(signal, command.drained());
      return null;
    },
    'command/resize': async (command, { cols, rows }) => {
      await command.resize({ cols, rows });
      return null;
    },
  } satisfies Partial<Handlers>;
}
