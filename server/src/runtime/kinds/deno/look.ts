/** Finds a Deno and finds out whether it can be trusted with anything. */
import { realpath, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { type Clock, deadline } from '../../../base/clock.ts';
import { errorCode } from '../../machine/faults.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { startProcess } from '../../machine/process.ts';
import type { Sandbox, SandboxSpec } from '../../ports.ts';
import { Collector } from '../../machine/collector.ts';
import { isRecent, minimumVersion } from './binary.ts';
import entryText from './entry.mjs' with { type: 'text' };
import { probe } from './probe.ts';
import type { Known } from './remembered.ts';

export interface Found {
  readonly binary: string;
  /** The file of ours that it is started with. */
  readonly entry: string;
  readonly version: string;
}

/** What was found out before about the very same file, by a daemon of the same version on the same host. */
export interface Verdicts {
  get(binary: string): Promise<Known | undefined>;
  keep(binary: string, known: Known): Promise<void>;
}

export interface LookParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
  find(): Promise<string | undefined>;
  readonly verdicts: Verdicts;
  make(found: Found, spec: SandboxSpec): Promise<Sandbox>;
}

/** A Deno that takes longer to say something is of no use. */
const LOOK_DEADLINE_MS = 10_000;
const tooSlow = () => new Error('deno does not answer');

const probeSpec: SandboxSpec = {
  name: 'probe',
  language: 'typescript',
  image: undefined,
  limits: { memoryBytes: 512 * 1024 * 1024, cpus: 1, pids: 256, diskBytes: 64 * 1024 * 1024, outputBytes: 1024 * 1024, timeoutMs: 0 },
  network: { mode: 'none' },
  workspace: undefined,
};

/** @throws Error, whose words (see `wordsFor`) say what is wrong */
export async function look(parts: LookParts): Promise<{ found: Found; known: Known }> {
  const { keeper, clock, find, make, verdicts } = parts;
  if (platform() === 'win32') throw new Error('it is not served on this platform yet');
  const binary = await find();
  if (binary === undefined) throw new Error('there is no deno on this host');
  const before = await verdicts.get(binary);
  const version = before?.version ?? (await versionOf(binary, parts));
  if (!isRecent(version)) throw new Error(`deno ${version} is too old; ${minimumVersion.join('.')} or later is needed`);
  const folder = await keeper.folder();
  const entry = join(folder, 'main.mjs');
  await writeFile(entry, entryText);
  const found = { binary, entry, version };
  if (before) return { found, known: before };
  const begin = clock.monotonic();
  const sandbox = await make(found, probeSpec);
  try {
    const probing = probe(sandbox, clock.monotonic() - begin, folder, clock);
    const { program, ...measured } = await deadline(clock, LOOK_DEADLINE_MS, probing, tooSlow);
    const known = { version, at: clock.now(), ...measured };
    // What starts another program may start yet another the next time.
    if (program === (await realpath(binary))) await verdicts.keep(binary, known);
    return { found, known };
  } finally {
    await sandbox.close();
  }
}

async function versionOf(binary: string, { keeper, clock }: LookParts): Promise<string> {
  const output = new Collector(1024);
  const program = { command: [binary, '--version'], cwd: '/', env: {}, stdin: 'none', maxFileBytes: 0 } as const;
  const process = await startProcess(program, output.sink, { keeper, clock });
  await deadline(clock, LOOK_DEADLINE_MS, process.exited, tooSlow).finally(() => process.kill());
  const version = /^deno (\d+\.\d+\.\d+)/.exec(output.stdout().toString())?.[1];
  if (version === undefined) throw new Error('deno is there but does not start');
  return version;
}

/** What the system says names paths; what we say does not. */
export function wordsFor(fault: unknown): string {
  const code = errorCode(fault);
  if (code !== '') return `it could not be tried out: the host answered ${code}`;
  return fault instanceof Error ? fault.message : 'it could not be tried out';
}
