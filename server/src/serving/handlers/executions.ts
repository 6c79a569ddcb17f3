/** The handlers of commands that run programs, and of the messages to running programs: input, signals, sizes. */
import { constants } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { abortable } from '../../base/promises.ts';
import type { WarmInterpreters } from '../../warm/interpreters.ts';
import { CpuMeter } from '../../command/cpu-meter.ts';
import { commandNotFound } from '../../command/commands.ts';
import { decode } from '../../command/content.ts';
import { type ExecuteContext, executeShell } from '../../command/execute.ts';
import type { Scan } from '../../command/script.ts';
import type { ReadyAdapters } from '../../debug/ready-adapters.ts';
import type { EventStream } from '../../events/events.ts';
import { runTelling } from '../../packages/missing/run-telling.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { Sandbox } from '../../runtime/ports.ts';
import type { Turns } from '../../session/turns.ts';
import type { Allowances } from '../../usage/allowances.ts';
import type { Session } from '../../session/session.ts';
import { MAX_CHUNK_BYTES, OutputFlow } from '../flow.ts';
import type { Desk } from '../line/desk.ts';
import type { Line } from '../line/line.ts';
import type { Handlers } from './handler.ts';

export interface ExecutionParts {
  readonly desk: Desk<Line>;
  readonly clock: Clock;
  readonly events: EventStream;
  /** The line of a session that was made here. */
  lineOf(session: Session): Line;
  readonly warm: WarmInterpreters;
  readonly ready: Pick<ReadyAdapters, 'disturb'>;
  readonly allowances: Allowances;
  readonly turns: Pick<Turns, 'aside'>;
  readonly scan: Scan | undefined;
}

export function executionHandlers({ desk, clock, events, lineOf, warm, ready, allowances, turns, scan }: ExecutionParts) {
  const meters = new WeakMap<Sandbox, CpuMeter>();
  /** `of`: the signal of the call, where `signal` is another one. */
  const context = (session: Session, signal: AbortSignal, of = signal): ExecuteContext => {
    const line = lineOf(session);
    const kept = line.begunBy(of);
    return {
      clock,
      events,
      commands: {
        reserve: (asked) => line.desk.commands.reserve(asked),
        add: (running) => {
          line.desk.commands.add(running);
          kept?.runs(running);
        },
      },
      signal,
      maxChunkBytes: MAX_CHUNK_BYTES,
      data: line.client.data,
      openOutput: kept?.openOutput(line.client),
      aside: () => turns.aside(),
      warm,
      begins: (at) => ready.disturb(at),
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
        const flow = line.desk.flows.add(commandId, new OutputFlow(line.client, commandId, { keeps: kept !== undefined }));
        kept?.prints(flow);
        return {
          send: (piece) => flow.send(piece),
          close: () => {
            flow.end();
            if (!kept) line.desk.flows.remove(commandId, flow);
          },
        };
      },
    };
  };

  const handlers = {
    'command/executeShell': (session, params, signal) => executeShell(session, params, context(session, signal)),
    'command/runCode': (session, params, signal) => runTelling(session, params, context(session, signal)),
    'command/signal': async (command, { signal }) => {
      if (!(signal in constants.signals)) throw invalidParam('signal', `this system has no signal ${signal}`);
      if (!(await command.signal(signal))) throw commandNotFound(command.commandId);
      return null;
    },
    'command/ack': (_command, params) => {
      desk.flows.ack(params);
      return null;
    },
    'command/input': async (command, { commandId, data, encoding, end }) => {
      const taken = command.input(decode(data, encoding, 'data'), end ?? false);
      if (!taken) await desk.client.logMessage(2, `input for the command ${commandId} was dropped, because too much input is waiting; wait with command/drain`);
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
