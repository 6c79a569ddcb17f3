/** Native runtimes with a keeper of their own, for tests. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { createLayeredDeno } from '../../../../server/src/runtime/kinds/deno/layered.ts';
import { createDenoRuntime } from '../../../../server/src/runtime/kinds/deno/runtime.ts';
import type { LanguageId } from '../../../../server/src/protocol/index.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import { gatherFindings, type Findings } from '../../../../server/src/runtime/kinds/native/findings.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import type { NativeOptions } from '../../../../server/src/runtime/kinds/native/runtime.ts';
import { preferredRuntime } from '../../../../server/src/runtime/choice/prefer.ts';
import type { Runtime } from '../../../../server/src/runtime/ports.ts';
import { type Probe, program } from '../../../require.ts';
import type { Subject } from '../../contract/contract.ts';

export interface NativeSubject extends Subject {
  /** The daemon's folder on the host. */
  readonly folder: string;
  readonly findings: Findings;
  /** Stops every process of its sandboxes, from outside. */
  stop(): void;
}

/** For `useSandbox`. */
export const native = { make: () => nativeSubject(createNativeRuntime) };

/** `make` gets the options that a daemon would pass. `searchPath` is where it finds the programs of this host. */
export async function nativeSubject(make: (options: NativeOptions, keeper: Keeper) => Runtime, searchPath = process.env.PATH): Promise<NativeSubject> {
  const log = createLog('error', (line) => {
    throw new Error(`logged: ${line}`);
  });
  const keeper = new Keeper({ process, log });
  const name = `codebeaker-test${randomUUID().slice(0, 8)}-${process.pid}`;
  const findings = await gatherFindings({
    keeper, clock: systemClock, searchPath, platform: process.platform, uid: process.getuid?.() ?? -1, group: name,
  });
  const runtime = make({ findings: () => Promise.resolve(findings), clock: systemClock, log }, keeper);
  const folder = await keeper.folder();
  const sandboxes = () => readdirSync(folder).filter((entry) => entry.startsWith('sandbox-'));
  const groups = () => findings.groups.folders.flatMap((path) => readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => `${path}/${entry.name}`));
  await runtime.refresh(new AbortController().signal);
  return {
    runtime,
    folder,
    findings,
    leftovers: () => Promise.resolve([...sandboxes(), ...groups()]),
    stop: () => {
      for (const pid of sandboxProcesses(findings)) signal(pid, 'SIGSTOP');
    },
    destroy: () => {
      for (const pid of sandboxProcesses(findings)) signal(pid, 'SIGKILL');
      return Promise.resolve();
    },
    dispose: async () => {
      await runtime.close();
      await findings.groups.close();
      await keeper.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Controllers may share a group: when it has been removed for one, it is gone for the others. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has been removed already.
  }
}

/** Deno in bubblewrap, or alone if bubblewrap does not work here. */
export function layeredSubject(): Promise<NativeSubject> {
  return nativeSubject((options, keeper) => {
    const alone = createDenoRuntime({ keeper, clock: options.clock, log: options.log, env: process.env });
    return preferredRuntime(createLayeredDeno(() => alone.found(), options), alone);
  });
}

/** Ids of the processes in the control groups of the host's sandboxes. */
function sandboxProcesses({ groups }: Findings): number[] {
  return groups.folders.flatMap((path) =>
    readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap((entry) => processesOf(`${path}/${entry.name}`)));
}

function processesOf(group: string): number[] {
  return readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
}

/** What of this host a native sandbox needs to run a language; Node is always there. */
export const interpreters: Partial<Record<LanguageId, Probe>> = {
  python: program('python3'), ruby: program('ruby'), go: program('go'), csharp: program('mcs'),
};

/** Whether native sandboxes are held to limits by control groups. */
export const controlGroups: Probe = async () => {
  const missing = await bubblewrap();
  if (missing !== undefined) return missing;
  const subject = await nativeSubject(createNativeRuntime);
  const { folders } = subject.findings.groups;
  await subject.dispose();
  return folders.length > 0 ? undefined : 'this user may make none; run the tests as root, or with control groups that are delegated to you';
};

/** Whether native sandboxes can be made on this host. */
export const bubblewrap: Probe = async () => {
  const subject = await nativeSubject(createNativeRuntime).catch((fault: unknown) => fault as Error);
  if (subject instanceof Error) return `${subject.message}; run test/setup/native.sh as root`;
  const { available, reason } = subject.runtime.info();
  await subject.dispose();
  return available ? undefined : (reason ?? 'not available');
};
