/** Real audit logs in a folder: several daemons write them, and tests change them as somebody would who wants to hide something. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Audit } from '../../server/src/audit/audit.ts';
import { type Disk, systemDisk } from '../../server/src/audit/disk.ts';
import { headsFound } from '../../server/src/audit/heads-found.ts';
import { type AuditPlaces, auditPlaces, daemonName } from '../../server/src/audit/places.ts';
import { verify } from '../../server/src/audit/verify.ts';
import { type AuditPolicy, auditPolicy } from '../../server/src/policy/audit.ts';
import type { Clock } from '../../server/src/base/clock.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type Line, recordingLog } from '../wire/server.ts';

export interface BenchOptions {
  readonly policy?: Partial<AuditPolicy>;
  readonly disk?: Disk;
  readonly clock?: Clock;
}

export class LogBench {
  readonly folder: string;
  readonly places: AuditPlaces;
  readonly clock: FakeClock;
  readonly lines: Line[] = [];
  #daemons = 0;

  constructor(folder: string, anchor?: string) {
    this.folder = folder;
    this.places = auditPlaces(folder, anchor);
    this.clock = new FakeClock();
  }

  daemon({ policy = {}, disk = systemDisk(process.getuid?.() ?? -1), clock = this.clock }: BenchOptions = {}): Audit {
    const { places } = this;
    const daemon = daemonName(clock.now(), String(++this.#daemons).padStart(12, '0'));
    return new Audit({
      places, daemon, disk, clock, policy: { ...auditPolicy({}), ...policy }, log: recordingLog(this.lines), opening: { format: 1 },
      others: (segment) => headsFound(places, segment),
    });
  }

  /** A daemon that records so many commands, each in a batch of its own, and ends. */
  async write(count: number, options: BenchOptions = {}): Promise<void> {
    const daemon = this.daemon(options);
    for (let at = 0; at < count; at += 1) {
      daemon.record({ kind: 'command', event: 'done', fields: { path: `file ${at}` } });
      daemon.flush();
    }
    await daemon.close();
  }

  async faults(): Promise<string[]> {
    return (await verify(this.places)).faults.map(({ message }) => message);
  }

  async notes(): Promise<string[]> {
    return (await verify(this.places)).notes.map(({ message }) => message);
  }

  /** The paths of the segments, the oldest first. */
  get segments(): string[] {
    return filesIn(this.places.records);
  }

  get headFiles(): string[] {
    return filesIn(this.places.heads);
  }

  /** Every record, in the order of the segments. */
  get records(): Record<string, unknown>[] {
    return this.segments.flatMap((path) => linesOf(path).map((line) => JSON.parse(Buffer.from(line, 'latin1').toString()) as Record<string, unknown>));
  }
}

export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile()).sort();
  } catch {
    return [];
  }
}

/** Without their newlines. */
export function linesOf(path: string): string[] {
  return readFileSync(path, 'latin1').split('\n').slice(0, -1);
}

export type Tree = ReadonlyMap<string, Buffer>;

export function take(folder: string): Tree {
  return new Map(filesIn(folder).map((path) => [path, readFileSync(path)]));
}

/** Makes everything as it was. */
export function restore(folder: string, tree: Tree): void {
  for (const path of filesIn(folder)) if (!tree.has(path)) rmSync(path);
  for (const [path, bytes] of tree) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise<void>((resolve) => void setImmediate(resolve));
}
