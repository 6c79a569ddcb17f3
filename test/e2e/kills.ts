/** What tests share that kill what belongs to daemons, at random. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containers, controlGroups, folders, processes } from './environment.ts';
import type { RawClient } from './raw-client.ts';

/** Numbers from 0 to below 1. The same seed gives the same ones. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a daemon has left on this machine. */
export function leftOf(daemon: number): unknown[] {
  return [...containers(daemon), ...folders(daemon), ...controlGroups(daemon), ...processes(`/codebeaker-${daemon}-`)];
}

export const any = <T>(some: readonly T[], random: () => number = Math.random): T => some[Math.floor(random() * some.length)] as T;

/** It does not matter how long this takes: it only makes the moment of the kill a random one. */
export const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The ids that the processes of the daemon's sandboxes have on this machine. */
export function processesOf(runtime: string, { process: { pid } }: { readonly process: Pick<RawClient['process'], 'pid'> }): number[] {
  const daemon = pid as number;
  // The sandbox may have ended meanwhile.
  const lines = attempt(() => (runtime === 'docker'
    ? containers(daemon).flatMap((id) => execFileSync('docker', ['top', id, '-eo', 'pid'], { encoding: 'utf8', stdio: 'pipe' }).split('\n').slice(1))
    : controlGroups(daemon).flatMap((group) => readdirSync(group, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('cgroup.procs')).flatMap((path) => readFileSync(join(group, path), 'utf8').split('\n')))));
  return (lines ?? []).map(Number).filter((id) => id > 1);
}

/** Of these processes, those that are the first of their namespace. */
export function agents(pids: readonly number[]): number[] {
  return pids.filter((pid) => /^NSpid:.*\t1$/m.test(statusOf(pid)));
}

export function supervisors(pids: readonly number[]): number[] {
  const parents = agents(pids);
  return pids.filter((pid) => parents.includes(Number(/^PPid:\t(\d+)$/m.exec(statusOf(pid))?.[1])));
}

/** Of these processes, those whose command line, with blanks between the words, is as it should be. */
export function running(pids: readonly number[], is: (command: string) => boolean): number[] {
  return pids.filter((pid) => is((attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').replaceAll('\0', ' ')));
}

function statusOf(pid: number): string {
  return attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
}

export function killOne(pids: readonly number[], random: () => number = Math.random): void {
  if (pids.length > 0) attempt(() => process.kill(any(pids, random), 'SIGKILL'));
}

/** undefined: it can't be done, because what it is done to has ended. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
