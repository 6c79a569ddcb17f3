/** A Docker runtime with a fake engine and a clock that only tests move. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextLoopIteration } from '../../../../server/src/base/promises.ts';
import { MAX_PAUSE_MS } from '../../../../server/src/base/retry.ts';
import type { LogLine } from './log.ts';
import { recordingLog } from './log.ts';
import { type Config, ProtocolError } from '../../../../server/src/protocol/index.ts';
import type { CreateContext, SandboxSpec } from '../../../../server/src/runtime/ports.ts';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import type { EngineAddress } from '../../../../server/src/runtime/kinds/docker/address.ts';
import { containerKinds } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import { type DockerOptions, DockerRuntime } from '../../../../server/src/runtime/kinds/docker/runtime.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeEngine } from '../../../fakes/engine.ts';

const MiB = 1024 * 1024;

export const spec: SandboxSpec = {
  name: 'session1',
  language: 'shellscript',
  image: 'image',
  limits: { memoryBytes: 64 * MiB, cpus: 1, pids: 64, diskBytes: 64 * MiB, outputBytes: MiB, timeoutMs: 0, packageBytes: 1 << 20 },
  workspace: undefined,
};

export interface Subject {
  readonly fake: FakeEngine;
  readonly engine: Engine;
  readonly runtime: DockerRuntime;
  readonly clock: FakeClock;
  readonly logged: LogLine[];
  /** The folders with sockets that belong to its containers. */
  folders(): string[];
  /** Whether nothing can be put into the daemon's folder. */
  full(full: boolean): void;
  close(): Promise<void>;
}

export async function subject(change: Partial<EngineAddress> = {}, sweepOnDeath = () => Promise.resolve(), config: Config['docker'] = {}, id = 'docker', more: Pick<DockerOptions, 'credentials'> = {}): Promise<Subject> {
  const fake = await FakeEngine.start();
  const clock = new FakeClock();
  const logged: LogLine[] = [];
  const address = { name: 'the Docker engine', local: true, options: { socketPath: fake.socketPath }, ...change };
  const engine = new Engine(address, clock);
  const kind = containerKinds(config).find((each) => each.id === id);
  if (!kind) throw new Error(`no such kind: ${id}`);
  const home = mkdtempSync(join(tmpdir(), 'docker-runtime-'));
  let isFull = false;
  const runtime = new DockerRuntime({
    kind,
    engine,
    daemonId: 'daemon1',
    images: { shellscript: 'image', python: 'other' },
    clock,
    log: recordingLog(logged),
    sweepOnDeath,
    ...more,
    keeper: { folder: () => Promise.resolve(isFull ? join(home, 'not-there') : home) },
  });
  const close = async () => {
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  };
  return { fake, engine, runtime, clock, logged, close, full: (full) => void (isFull = full), folders: () => readdirSync(home).filter((name) => name.startsWith('socket-')) };
}

export function context(signal = new AbortController().signal): CreateContext & { readonly reports: [string, number | undefined][] } {
  const reports: [string, number | undefined][] = [];
  return { signal, reports, report: (message, percentage) => void reports.push([message, percentage]) };
}

/** Settles as `work` does. Whenever it waits for something besides the engine, the clock goes on. */
export async function settled<T>({ clock }: Pick<Subject, 'clock'>, work: Promise<T>): Promise<T> {
  let over = false;
  void work.then(() => (over = true), () => (over = true));
  for (let turns = 1; !over; turns++) {
    await nextLoopIteration();
    // The deadline of the call is pending, too.
    if (!over && clock.pending > 1 && turns % 10 === 0) await clock.advance(MAX_PAUSE_MS);
  }
  return work;
}

/** Awaits a rejection with a ProtocolError. */
export async function failure(work: Promise<unknown>): Promise<ProtocolError> {
  const fault = await work.then(() => new Error('it did not reject'), (reason: unknown) => reason);
  if (!(fault instanceof ProtocolError)) throw fault;
  return fault;
}

/** Checks again and again until the condition is true, and fails after a while. */
export async function until(what: string, check: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!check()) {
    if (Date.now() > end) throw new Error(`does not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
