/** The runtimes that put bubblewrap around programs of this host: native, bun, and deno where it is layered. */
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { abortable, closeAll } from '../../../base/promises.ts';
import { type LanguageId, ProtocolError, type RuntimeInfo } from '../../../protocol/index.ts';
import { type CreateContext, everyNetwork, type Runtime, type RuntimeCan, type Sandbox, type SandboxSpec } from '../../ports.ts';
import { weakened, weaknessesOf } from '../../holes/find.ts';
import { trialSpec } from '../../trial.ts';
import type { Findings } from './findings.ts';
import { programsOf } from './programs.ts';
import { createNative, type Equipment } from './sandboxes.ts';

/** What distinguishes one of these runtimes from the others. */
export interface NativeKind {
  readonly id: string;
  /** The languages that it may be able to run; which of them it can is tried out. */
  readonly languages: readonly LanguageId[];
  /** Estimates, for as long as no sandbox has been made. */
  readonly isolation: RuntimeInfo['isolation'];
  readonly startup: { readonly coldMs: number; readonly warmMs: number };
  readonly memoryBytes: number;
  /** The network modes. By default every one. */
  readonly networks?: RuntimeCan['networks'];
  /** What to do if it is not available. */
  readonly hint: string;
  /** @throws Error with a message that says what is missing */
  equip(): Promise<Equipment>;
  /** Whether its programs can see packages. Default: true. */
  readonly packages?: false;
  /**
   * How much memory its programs reserve and do not use, when a sandbox is for this language. `languages`: what is known of
   * those that it runs. Absent: nothing.
   */
  reservedBytes?(language: LanguageId | undefined, languages: RuntimeInfo['languages']): number;
  /** The version of the runtime, from those of its languages. By default it is that of bubblewrap. */
  version?(languages: RuntimeInfo['languages']): string | undefined;
  /** Puts another sandbox in front of the one that was made. */
  wrap?(sandbox: Sandbox, spec: SandboxSpec): Sandbox;
}

export interface NativeOptions {
  /** What this host has. Each call looks again as long as something is missing. */
  findings(): Promise<Findings>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Prepared {
  readonly findings: Findings;
  readonly equipment: Equipment;
}


export class NativeRuntime implements Runtime {
  readonly id: string;
  readonly can: RuntimeCan;
  readonly #kind: NativeKind;
  readonly #options: NativeOptions;
  readonly #sandboxes = new Set<Sandbox>();
  readonly #creating = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** undefined: the runtime is not available. */
  #prepared: Prepared | undefined;
  #looking: Promise<void> | undefined;
  #info: RuntimeInfo;

  constructor(kind: NativeKind, options: NativeOptions) {
    this.id = kind.id;
    this.can = { terminals: true, networks: kind.networks ?? everyNetwork, packages: kind.packages ?? true };
    this.#kind = kind;
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
    // Nothing tells the daemon when a program has been installed.
  }

  prepared(language: LanguageId | undefined): boolean {
    const { available, languages } = this.#info;
    return available && (language === undefined || languages.some(({ id }) => id === language));
  }

  programs(): Promise<string> {
    return programsOf(this.#prepared?.findings.toolchains.folders ?? []);
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    if (!this.#prepared) await this.refresh(context.signal);
    const prepared = this.#prepared;
    if (!prepared) {
      const { reason = 'it is not available' } = this.#info;
      throw new ProtocolError('RuntimeUnavailable', `${this.id}: ${reason}; ${this.#kind.hint}`, { runtime: this.id, reason, hint: this.#kind.hint });
    }
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const creating = this.#make(spec, { ...context, signal }, prepared);
    this.#creating.add(creating);
    return creating.finally(() => this.#creating.delete(creating));
  }

  async close(): Promise<void> {
    this.#closing.abort(new ProtocolError('RuntimeUnavailable', 'the daemon is shutting down', { runtime: this.id }));
    await Promise.allSettled([this.#looking, ...this.#creating]);
    await closeAll([...this.#sandboxes].map((sandbox) => sandbox.close()), 'some sandboxes could not be removed');
  }

  async #make(spec: SandboxSpec, context: CreateContext, { findings, equipment }: Prepared): Promise<Sandbox> {
    const { clock, log } = this.#options;
    const reservedBytes = this.#kind.reservedBytes?.(spec.language, this.#info.languages) ?? 0;
    const removed = (gone: Sandbox) => void this.#sandboxes.delete(gone);
    const seen = this.can.packages ? spec : { ...spec, packages: undefined };
    const sandbox = await createNative(seen, context, findings, equipment, { clock, log, removed, reservedBytes });
    this.#sandboxes.add(sandbox);
    return this.#kind.wrap?.(sandbox, spec) ?? sandbox;
  }

  /** Makes a sandbox and asks it for its languages. Never rejects: what is wrong becomes the reason for which the runtime is unavailable. */
  async #look(): Promise<void> {
    const { log, findings: find } = this.#options;
    try {
      const findings = await find();
      const own = await this.#kind.equip();
      const weaknesses = [...weaknessesOf('bubblewrap', findings.version), ...(own.weaknesses ?? [])];
      const equipment: Equipment = { ...own, isolation: (...asked) => weakened(own.isolation(...asked), weaknesses) };
      const prepared = { findings, equipment };
      const context = { signal: this.#closing.signal, report: () => undefined };
      const sandbox = await this.#make(trialSpec(`look-${this.id}`, undefined), context, prepared);
      try {
        const languages = await this.#languagesOf(sandbox);
        this.#prepared = prepared;
        this.#info = this.#describe({ version: this.#kind.version?.(languages) ?? `bubblewrap ${findings.version}`, languages, isolation: sandbox.isolation, weaknesses });
      } finally {
        await sandbox.close();
      }
    } catch (fault) {
      this.#prepared = undefined;
      this.#info = this.#describe({ reason: (fault as Error).message });
      log.debug(`${this.id} is not available`, fault);
    }
  }

  /** The tools are tried out inside, because a program that is on the host need not run in there. */
  async #languagesOf(sandbox: Sandbox): Promise<RuntimeInfo['languages']> {
    const found: { id: LanguageId; version?: string }[] = [];
    for (const id of this.#kind.languages) {
      const toolchain = await sandbox.toolchain(id);
      if (!toolchain) continue;
      const version = await toolchain.version?.();
      if (toolchain.version && version === undefined) {
        this.#options.log.info(`${this.id} does not offer ${id}: what runs it on this host does not start inside a sandbox`);
        continue;
      }
      found.push({ id, ...(version === undefined ? {} : { version }) });
    }
    return found;
  }

  #describe({ reason, version, languages, isolation, weaknesses = [] }: Pick<RuntimeInfo, 'reason' | 'version' | 'weaknesses'> & Partial<Pick<RuntimeInfo, 'languages' | 'isolation'>>): RuntimeInfo {
    const { id, startup, memoryBytes } = this.#kind;
    return {
      id,
      available: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(version === undefined ? {} : { version }),
      languages: languages ?? this.#kind.languages.map((language) => ({ id: language })),
      isolation: isolation ?? this.#kind.isolation,
      startup: { ...startup, measured: false },
      memoryBytes,
      ...(weaknesses.length === 0 ? {} : { weaknesses }),
    };
  }
}
