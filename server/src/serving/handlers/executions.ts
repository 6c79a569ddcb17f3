/** The handlers of commands that run programs, and of the messages to running programs: input, signals, sizes. */
import { constants } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { abortable } from '../../base/promises.ts';
import type { WarmInterpreters } from '../../warm/interpreters.ts';
import { CpuMeter } from '../../command/cpu-meter.ts';
import { commandNotFound, type RunningCommands } from '../../command/commands.ts';
import { decode } from '../../command/content.ts';
import { type ExecuteContext, executeShell } from '../../command/execute.ts';
import type { Scan } from '../../command/script.ts';
import type { EventStream } from '../../events/events.ts';
import { runTelling } from '../../packages/missing/run-telling.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { Sandbox } from '../../runtime/ports.ts';
import type { Turns } from '../../session/turns.ts';
import type { Allowances } from '../../usage/allowances.ts';
import type { Client } from '../../wire/service.ts';
import { MAX_CHUNK_BYTES, type OutputFlows } from '../flow.ts';
import type { Handlers } from './handler.ts';

export interface ExecutionParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly commands: RunningCommands;
  readonly flows: OutputFlows;
  readonly warm: WarmInterpreters;
  readonly allowances: Allowances;
  readonly turns: Pick<Turns, 'aside'>;
  readonly scan: Scan | undefined;
}

export function executionHandlers({ client, clock, events, commands, flows, warm, allowances, turns, scan }: ExecutionParts) {
  const meters = new WeakMap<Sandbox, CpuMeter>();
  const context = (signal: AbortSignal): ExecuteContext => ({
    clock,
    events,
    commands,
    signal,
    maxChunkBytes: MAX_CHUNK_BYTES,
    data: client.data,
    aside: () => turns.aside(),
    warm,
    quota: ({ id }) => ({
      takeOutput: (bytes) => allowances.flow('outputBytes', id, bytes),
      restOfCpu: () => allowances.rest('cpuSeconds', id) * 1000,
      meter: (sandbox) => {
        if (allowances.rest('cpuSeconds', id) === Infinity || !sandbox.can.cpuTime) return undefined;
        const meter = meters.get(sandbox) ?? new CpuMeter(sandbox, (ms) => allowances.countCpu(id, ms));
        meters.set(sandbox, meter);
        return meter;
      },
      spent: (name) => allowances.least(name, id)?.quota,
    }),
    scan,
    stream: (commandId) => {
      const flow = flows.open(commandId);
      return { send: (piece) => flow.send(piece), close: () => flows.close(commandId) };
    },
  });

  const handlers = {
    'command/executeShell': (session, params, signal) => executeShell(session, params, context(signal)),
    'command/runCode': (session, params, signal) => runTelling(session, params, context(signal)),
    'command/signal': async (command, { signal }) => {
      if (!(signal in constants.signals)) throw invalidParam('signal', `this system has no signal ${signal}`);
      if (!(await command.signal(signal))) throw commandNotFound(command.commandId);
      return null;
    },
    'command/ack': (_command, params) => {
      flows.ack(params);
      return null;
    },
    'command/input': async (command, { commandId, data, encoding, end }) => {
      const taken = command.input(decode(data, encoding, 'data'), end ?? false);
      if (!taken) await client.logMessage(2, `input for the command ${commandId} was dropped, because too much input is waiting; wait with command/drain`);
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
  return { handlers, context };
}
