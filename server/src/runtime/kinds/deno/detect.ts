/** Finds the Deno of this host, and tries out whether its permissions hold. */
import { realpath } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { type Clock, deadline } from '../../../base/clock.ts';
import { errorCode } from '../../machine/faults.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { versionOf } from '../../machine/version.ts';
import type { Sandbox, SandboxSpec } from '../../ports.ts';
import { installTypeScript } from '../../typescript.ts';
import { trialSpec } from '../../trial.ts';
import { isRecent, minimumVersion } from './binary.ts';
import { furnishBridge } from './bridge.ts';
import { put } from './put.ts';
import clocks from '../../warm-up/clocks.cjs' with { type: 'text' };
import bootstrapText from './bootstrap.mjs' with { type: 'text' };
import needs from './needs.mjs' with { type: 'text' };
import { probe } from './probe.ts';
import type { Known } from './remembered.ts';

export interface Found {
  readonly binary: string;
  /** The path of bootstrap.mjs, with which it is started. */
  readonly bootstrap: string;
  /** The folder with the loader for TypeScript. */
  readonly typescript: string;
  /** The path of what debugs its programs. undefined: it is missing from this installation. */
  readonly bridge?: string | undefined;
  readonly version: string;
}

/** What was found out before about the very same file, by a daemon of the same version. */
export interface Verdicts {
  get(binary: string): Promise<Known | undefined>;
  keep(binary: string, known: Known): Promise<void>;
}

export interface DetectParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** The path of a Deno. undefined: there is none. */
  find(): Promise<string | undefined>;
  readonly verdicts: Verdicts;
  /** Makes a sandbox with a Deno that has not been tried out yet. */
  make(found: Found, spec: SandboxSpec): Promise<Sandbox>;
}

/** The programs of the probe must have ended within this time. */
const PROBE_DEADLINE_MS = 10_000;

/** @throws Error, of which `wordsFor` tells what is wrong */
export async function detectDeno(parts: DetectParts): Promise<{ found: Found; known: Known }> {
  const { keeper, clock, find, make, verdicts } = parts;
  if (platform() === 'win32') throw new Error('it is not supported on Windows yet');
  const binary = await find();
  if (binary === undefined) throw new Error('there is no deno on this host');
  const before = await verdicts.get(binary);
  const version = before?.version ?? (await versionOf('deno', binary, parts));
  if (!isRecent(version)) throw new Error(`deno ${version} is too old; ${minimumVersion.join('.')} or later is needed`);
  const bootstrap = await keeper.furnish('bootstrap.mjs', putBootstrap);
  const typescript = await keeper.furnish('typescript', (path) => installTypeScript(dirname(path)));
  const found = { binary, bootstrap, typescript, bridge: await furnishBridge(keeper), version };
  if (before) return { found, known: before };
  const begin = clock.monotonic();
  const sandbox = await make(found, trialSpec('probe', 'typescript'));
  try {
    const probing = probe(sandbox, clock.monotonic() - begin, dirname(bootstrap), clock);
    const { program, ...measured } = await deadline(clock, PROBE_DEADLINE_MS, probing, () => new Error('deno does not answer'));
    const known = { version, at: clock.now(), ...measured };
    // A script that starts some Deno may start another one the next time: only a verdict about the file itself is kept.
    if (program === (await realpath(binary))) await verdicts.keep(binary, known);
    return { found, known };
  } finally {
    await sandbox.close();
  }
}

function putBootstrap(path: string): Promise<void> {
  return put(path, clocks + needs + bootstrapText);
}

/** The reason for people. The messages of system errors have paths in them, so only their code is told. */
export function wordsFor(fault: unknown): string {
  const code = errorCode(fault);
  if (code !== '') return `it could not be tried out: the host answered ${code}`;
  return fault instanceof Error ? fault.message : 'it could not be tried out';
}
