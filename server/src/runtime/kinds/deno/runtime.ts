/** The runtime of Deno alone: it runs JavaScript and TypeScript on every system, confined by Deno's own permissions. */
import { platform } from 'node:os';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { abortable } from '../../../base/promises.ts';
import { type LanguageId, ProtocolError, type RuntimeInfo } from '../../../protocol/index.ts';
import { weakened, weaknessesOf } from '../../holes/find.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { walkerFor } from '../../machine/walk.ts';
import { type CreateContext, type Runtime, type SandboxSpec } from '../../ports.ts';
import { findDeno } from './binary.ts';
import { createSandbox } from './create.ts';
import { denoIsolation } from './isolation.ts';
import { detectDeno, type Found, type Verdicts, wordsFor } from './detect.ts';
import type { Known } from './remembered.ts';
import type { DenoSandbox } from './sandbox.ts';
import { denoLanguages } from './toolchain.ts';

export interface DenoOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly log: Log;
  /** The daemon's environment. A Deno is searched for on its PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is remembered. Absent: nothing. */
  readonly verdicts?: Verdicts;
  /** Finds the path of a Deno, by default as in binary.ts. */
  readonly find?: (searchPath: string | undefined) => Promise<string | undefined>;
}

export function createDenoRuntime(options: DenoOptions): DenoRuntime {
  return new DenoRuntime(options);
}


const noVerdicts: Verdicts = { get: async () => undefined, keep: async () => undefined };
const HINT = 'npm install deno, or put a recent deno on PATH';

export class DenoRuntime implements Runtime {
  readonly id = 'deno';
  readonly can = { terminals: false, networks: ['none'], packages: false } as const;
  readonly #options: DenoOptions;
  readonly #sandboxes = new Set<DenoSandbox>();
  #found: Found | undefined;
  #looking: Promise<void> | undefined;
  #looked = false;
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

  watch(): void {
    // Nothing tells the daemon when a Deno has been installed.
  }

  /** The Deno that was tried out. @throws Error with a message that says why there is none */
  async found(): Promise<Found> {
    if (!this.#looked) await this.refresh(new AbortController().signal);
    if (!this.#found) throw new Error(this.#info.reason);
    return this.#found;
  }

  prepared(language: LanguageId | undefined): boolean {
    return this.#info.available && (language === undefined || denoLanguages.includes(language));
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<DenoSandbox> {
    if (!this.#looked) await this.refresh(context.signal);
    context.signal.throwIfAborted();
    const { reason = 'it is not available' } = this.#info;
    if (!this.#found || this.#closed) {
      throw new ProtocolError('RuntimeUnavailable', `deno: ${reason}; ${HINT}`, { runtime: this.id, reason, hint: HINT });
    }
    return this.#make(this.#found, spec, context);
  }

  programs(): Promise<string> {
    return Promise.resolve(`deno ${this.#info.version ?? ''}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
    const { log } = this.#options;
    // If a sandbox can't be removed now, the keeper removes it when the daemon ends.
    const closings = [...this.#sandboxes].map((sandbox) => sandbox.close().catch((fault: unknown) => log.warn('a sandbox could not be removed', fault)));
    await Promise.all(closings);
  }

  async #make(found: Found, spec: SandboxSpec, context: CreateContext): Promise<DenoSandbox> {
    const { keeper, clock } = this.#options;
    const system = { walker: walkerFor(platform()), linux: platform() === 'linux' };
    const removed = (gone: DenoSandbox) => void this.#sandboxes.delete(gone);
    const sandbox = await createSandbox(spec, context, { ...found, keeper, clock, ...system, removed });
    this.#sandboxes.add(sandbox);
    // The runtime may have been closed, or the creation cancelled, meanwhile.
    if (!this.#closed && !context.signal.aborted) return sandbox;
    await sandbox.close();
    context.signal.throwIfAborted();
    throw new ProtocolError('RuntimeUnavailable', 'the daemon is shutting down', { runtime: this.id });
  }

  /** Never rejects: what is wrong becomes the reason for which the runtime is unavailable. */
  async #look(): Promise<void> {
    const { keeper, clock, env, log, find = findDeno, verdicts = noVerdicts } = this.#options;
    const context = { signal: new AbortController().signal, report: () => undefined };
    try {
      const { found, known } = await detectDeno({
        keeper,
        clock,
        verdicts,
        find: () => find(env.PATH),
        make: (candidate, spec) => this.#make(candidate, spec, context),
      });
      this.#found = found;
      this.#info = this.#describe({ version: found.version, measured: known });
    } catch (fault) {
      this.#found = undefined;
      this.#info = this.#describe({ reason: wordsFor(fault) });
      log.debug('deno is not available', fault);
    } finally {
      this.#looked = true;
    }
  }

  #describe({ version, reason, measured }: { version?: string; reason?: string; measured?: Known }): RuntimeInfo {
    const weaknesses = version === undefined ? [] : weaknessesOf('deno', version);
    const { coldMs = 60, warmMs = 40, memoryBytes = 48 * 1024 * 1024 } = measured ?? {};
    return {
      id: this.id,
      available: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(version === undefined ? {} : { version }),
      languages: denoLanguages.map((id) => ({ id })),
      isolation: weakened(denoIsolation({ linux: platform() === 'linux', links: undefined, temporaryWritable: true }), weaknesses),
      startup: { coldMs: round(coldMs), warmMs: round(warmMs), measured: measured !== undefined },
      memoryBytes,
      ...(weaknesses.length === 0 ? {} : { weaknesses }),
      ...(measured ? { measuredAt: new Date(measured.at).toISOString() } : {}),
    };
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
