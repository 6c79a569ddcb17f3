/** Parses the report on the end of a program, which `z` of the prelude prints. */
import { constants } from 'node:os';
import type { Exit, Usage } from '../ports.ts';

/** Linux counts processor time in hundredths of a second for everybody. */
const MS_PER_TICK = 10;

/** `held`: processes of the command still hold the shell's streams. */
export interface Report {
  readonly exit: Exit;
  readonly oomKills: number;
  readonly held: boolean;
}

/** `z` prints: status ; peak bytes ; out-of-memory kills ; held ; user ticks ; system ticks ; job state */
export function parseReport(trailer: string, oomKillsBefore: number): Report | undefined {
  const [statusText, peak, oom, held, user, system, job = ''] = trailer.split(';');
  if (!/^\d+$/.test(statusText ?? '') || held === undefined) return undefined;
  const status = Number(statusText);
  const usage = { cpuMs: (Number(user) + Number(system)) * MS_PER_TICK || 0, peakMemoryBytes: Number(peak) || 0 };
  const oomKills = Number(oom) || 0;
  return { exit: exit(status, job, usage, oomKills > oomKillsBefore), oomKills, held: held === '1' };
}

function exit(status: number, job: string, usage: Usage, outOfMemory: boolean): Exit {
  const signal = diedBySignal(status, job) ? signalName(status - 128) : undefined;
  if (outOfMemory && status !== 0) {
    return { kind: 'memoryLimit', signal: signal ?? null, code: signal ? null : status, usage };
  }
  return signal ? { kind: 'signaled', signal, usage } : { kind: 'exited', code: status, usage };
}

/** `[1] + Done(137)` or `[1]+  Exit 137` is an exit, `Killed` or the like a signal; a shell that tells neither is believed. */
function diedBySignal(status: number, job: string): boolean {
  return status > 128 && signalName(status - 128) !== undefined && !/^\[\d+\] *[-+]? *(?:Done|Exit)/.test(job);
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
