/** Finds a Deno and finds out whether it can be trusted with anything. */
import { realpath, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { type Clock, deadline } from '../../../base/clock.ts';
import { errorCode } from '../../machine/faults.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { versionOf } from '../../machine/version.ts';
import type { Sandbox, SandboxSpec } from '../../ports.ts';
import { trialSpec } from '../../trial.ts';
import { isRecent, minimumVersion } from './binary.ts';
import bootstrapText from './bootstrap.mjs' with { type: 'text' };
import { probe } from './probe.ts';
import type { Known } from './remembered.ts';

export interface Found {
  readonly binary: string;
  /** The path of bootstrap.mjs, with which it is started. */
  readonly bootstrap: string;
  readonly version: string;
}

/** What was found out before about the very same file, by a daemon of the same version on the same host. */
export interface Verdicts {
  get(binary: string): Promise<Known | undefined>;
  keep(binary: string, known: Known): Promise<void>;
}

export interface DetectParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
  find(): Promise<string | undefined>;
  readonly verdicts: Verdicts;
  make(found: Found, spec: SandboxSpec): Promise<Sandbox>;
}

/** A Deno that takes longer to run the programs of the probe is of no use. */
const PROBE_DEADLINE_MS = 10_000;

/** @throws Error, of which `wordsFor` tells what is wrong */
export async function detectDeno(parts: DetectParts): Promise<{ found: Found; known: Known }> {
  const { keeper, clock, find, make, verdicts } = parts;
  if (platform() === 'win32') throw new Error('it is not served on this platform yet');
  const binary = await find();
  if (binary === undefined) throw new Error('there is no deno on this host');
  const before = await verdicts.get(binary);
  const version = before?.version ?? (await versionOf('deno', binary, parts));
  if (!isRecent(version)) throw new Error(`deno ${version} is too old; ${minimumVersion.join('.')} or later is needed`);
  const folder = await keeper.folder();
  const bootstrap = join(folder, 'bootstrap.mjs');
  await writeFile(bootstrap, bootstrapText);
  const found = { binary, bootstrap, version };
  if (before) return { found, known: before };
  const begin = clock.monotonic();
  const sandbox = await make(found, trialSpec('probe', 'typescript'));
  try {
    const probing = probe(sandbox, clock.monotonic() - begin, folder, clock);
    const { program, ...measured } = await deadline(clock, PROBE_DEADLINE_MS, probing, () => new Error('deno does not answer'));
    const known = { version, at: clock.now(), ...measured };
    // What starts another program may start yet another the next time.
    if (program === (await realpath(binary))) await verdicts.keep(binary, known);
    return { found, known };
  } finally {
    await sandbox.close();
  }
}


/** What the system says names paths; what we say does not. */
export function wordsFor(fault: unknown): string {
  const code = errorCode(fault);
  if (code !== '') return `it could not be tried out: the host answered ${code}`;
  return fault instanceof Error ? fault.message : 'it could not be tried out';
}
