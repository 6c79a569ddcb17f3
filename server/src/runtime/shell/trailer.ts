/** Reads what `z` of the prelude reports of a program's end. */
import { constants } from 'node:os';
import type { Exit, Usage } from '../ports.ts';

/** `held`: processes of the command still hold the shell's streams. `cwd`: the working directory did not exist. */
export interface Report {
  readonly exit: Exit;
  readonly oomKills: number;
  readonly held: boolean;
}

/** `z` prints: status ; peak bytes ; out-of-memory kills ; held ; times ; job state */
export function parseReport(trailer: string, oomKillsBefore: number): Report | undefined {
  const [statusText, peak, oom, held, times = '', job = ''] = trailer.split(';');
  const status = Number(statusText);
  if (!Number.isInteger(status) || held === undefined) return undefined;
  const usage = { cpuMs: cpuMs(times), peakMemoryBytes: Number(peak) || 0 };
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

/** The job state is `Done(137)` for an exit and `Killed` or the like for a signal; a shell that gives none is believed. */
function diedBySignal(status: number, job: string): boolean {
  return status > 128 && signalName(status - 128) !== undefined && !/Done|Exit/.test(job);
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** The second line of `times` is the children's: user and system, as `0m1.234s`. */
function cpuMs(times: string): number {
  const children = times.trim().split('\n')[1] ?? '';
  let ms = 0;
  for (const [, minutes, seconds] of children.matchAll(/(\d+)m([\d.]+)s/g)) {
    ms += Number(minutes) * 60_000 + Number(seconds) * 1000;
  }
  return Math.round(ms);
}
