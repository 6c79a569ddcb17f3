/** Deno as a runtime: JavaScript and TypeScript, everywhere and at once, in Deno's own permissions. */
import { writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { type Clock, deadline } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { abortable } from '../../base/promises.ts';
import { type LanguageId, ProtocolError, type RuntimeInfo } from '../../protocol/index.ts';
import { errorCode } from '../host/faults.ts';
import type { Keeper } from '../host/keeper.ts';
import { startProcess } from '../host/process.ts';
import { walkerFor } from '../host/walk.ts';
import type { CreateContext, Runtime, SandboxSpec } from '../ports.ts';
import { Collector } from '../shell/collector.ts';
import { findDeno, isRecent, minimumVersion } from './binary.ts';
import { createSandbox } from './create.ts';
import { entryText } from './entry.ts';
import { denoIsolation } from './isolation.ts';
import { probe, type Probe } from './probe.ts';
import type { DenoSandbox } from './sandbox.ts';

export interface DenoOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly log: Log;
  /** The daemon's own: PATH says where to look for a Deno. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The path of a Deno, given PATH. */
  readonly find?: (searchPath: string | undefined) => Promise<string | undefined>;
}

export function createDenoRuntime(options: DenoOptions): Runtime {
  return new DenoRuntime(options);
}

const languages: readonly LanguageId[] = ['javascript', 'typescript'];
const HINT = 'npm install deno, or put a recent deno on PATH';
const probeSpec: SandboxSpec = {
  sessionId: 'probe',
  language: 'typescript',
  image: undefined,
  limits: { memoryBytes: 512 * 1024 * 1024, cpus: 1, pids: 256, diskBytes: 64 * 1024 * 1024, outputBytes: 1024 * 1024, timeoutMs: 0 },
  network: { mode: 'none' },
  workspace: undefined,
};

/** A Deno that takes longer to say something is of no use. */
const LOOK_DEADLINE_MS = 10_000;
const tooSlow = () => new Error('deno does not answer');

interface Found {
  readonly binary: string;
  readonly entry: string;
  readonly version: string;
}

class DenoRuntime implements Runtime {
  readonly id = 'deno';
  readonly #options: DenoOptions;
  readonly #sandboxes = new Set<DenoSandbox>();
  #found: Found | undefined;
  #looking: Promise<void> | undefined;
  #info: RuntimeInfo;
  #closed = false;

  constructor(options: DenoOptions) {
    this.#options = options;
    this.#info = this.#describe({ reason: 'not looked at yet' });
  }

  info(): RuntimeInfo {
    return this.#info;
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await abortable(signal, this.#looking).catch(() => undefined);
    return this.#info;
  }

  prepared(language: LanguageId | undefined): boolean {
    return this.#info.available && (language === undefined || languages.includes(language));
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<DenoSandbox> {
    if (spec.network.mode !== 'none') {
      throw new ProtocolError('IsolationUnavailable', 'this runtime gives no network; use mode none', { layers: ['network'] });
    }
    if (!this.#found) await this.refresh(context.signal);
    context.signal.throwIfAborted();
    const { reason = 'it is not available' } = this.#info;
    if (!this.#found || this.#closed) {
      throw new ProtocolError('RuntimeUnavailable', `deno: ${reason}; ${HINT}`, { runtime: this.id, reason, hint: HINT });
    }
    return this.#make(this.#found, spec, context);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
    const { log } = this.#options;
    // What can't be removed now goes with the keeper.
    const closings = [...this.#sandboxes].map((sandbox) => sandbox.close().catch((fault: unknown) => log.warn('a sandbox could not be removed', fault)));
    await Promise.all(closings);
  }

  async #make({ binary, entry }: Found, spec: SandboxSpec, context: CreateContext): Promise<DenoSandbox> {
    const { keeper, clock } = this.#options;
    const host = { walker: walkerFor(platform()), linux: platform() === 'linux' };
    const removed = (gone: DenoSandbox) => void this.#sandboxes.delete(gone);
    const sandbox = await createSandbox(spec, context, { binary, entry, keeper, clock, ...host, removed });
    this.#sandboxes.add(sandbox);
    // Somebody may have closed or cancelled meanwhile.
    if (!this.#closed && !context.signal.aborted) return sandbox;
    await sandbox.close();
    context.signal.throwIfAborted();
    throw new ProtocolError('RuntimeUnavailable', 'the daemon is shutting down', { runtime: this.id });
  }

  /** Never rejects: what is wrong becomes the reason. */
  async #look(): Promise<void> {
    try {
      const found = await this.#find();
      const measured = await this.#probe(found);
      this.#found = found;
      this.#info = this.#describe({ version: found.version, measured });
    } catch (fault) {
      this.#found = undefined;
      this.#info = this.#describe({ reason: wordsFor(fault) });
      this.#options.log.debug('deno is not available', fault);
    }
  }

  async #find(): Promise<Found> {
    if (platform() === 'win32') throw new Error('it is not served on this platform yet');
    const { keeper, env, find = findDeno } = this.#options;
    const binary = await find(env.PATH);
    if (binary === undefined) throw new Error('there is no deno on this host');
    const version = await this.#version(binary);
    if (!isRecent(version)) throw new Error(`deno ${version} is too old; ${minimumVersion.join('.')} or later is needed`);
    const entry = join(await keeper.folder(), 'main.mjs');
    await writeFile(entry, entryText);
    return { binary, entry, version };
  }

  async #version(binary: string): Promise<string> {
    const { keeper, clock } = this.#options;
    const output = new Collector(1024);
    const program = { command: [binary, '--version'], cwd: '/', env: {}, stdin: 'none', maxFileBytes: 0 } as const;
    const process = await startProcess(program, output.sink, { keeper, clock });
    await deadline(clock, LOOK_DEADLINE_MS, process.exited, tooSlow).finally(() => process.kill());
    const version = /^deno (\d+\.\d+\.\d+)/.exec(output.stdout().toString())?.[1];
    if (version === undefined) throw new Error('deno is there but does not start');
    return version;
  }

  async #probe(found: Found): Promise<Probe> {
    const { clock, keeper } = this.#options;
    const begin = clock.monotonic();
    const sandbox = await this.#make(found, probeSpec, { signal: new AbortController().signal, report: () => undefined });
    try {
      const probing = probe(sandbox, clock.monotonic() - begin, await keeper.folder(), clock);
      return await deadline(clock, LOOK_DEADLINE_MS, probing, tooSlow);
    } finally {
      await sandbox.close();
    }
  }

  #describe({ version, reason, measured }: { version?: string; reason?: string; measured?: Probe }): RuntimeInfo {
    const { coldMs = 60, warmMs = 40, memoryBytes = 48 * 1024 * 1024 } = measured ?? {};
    return {
      id: this.id,
      available: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(version === undefined ? {} : { version }),
      languages: languages.map((id) => ({ id })),
      isolation: denoIsolation({ linux: platform() === 'linux', links: undefined, temporaryWritable: true }),
      startup: { coldMs: round(coldMs), warmMs: round(warmMs), measured: measured !== undefined },
      memoryBytes,
      ...(measured ? { measuredAt: new Date(this.#options.clock.now()).toISOString() } : {}),
    };
  }
}

/** What the system says names paths; what we say does not. */
function wordsFor(fault: unknown): string {
  const code = errorCode(fault);
  if (code !== '') return `it could not be tried out: the host answered ${code}`;
  return fault instanceof Error ? fault.message : 'it could not be tried out';
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
