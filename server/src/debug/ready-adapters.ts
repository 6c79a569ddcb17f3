/**
 * Which adapter waits in which session: at most one, for a debugger like the last one. An adapter that waits is no command:
 * its session is not busy, and it ends with the sandbox, when it was not needed for a while, or when others are.
 * Invariant: it has waited alone. Programs of its sandbox could write the files that it still has to load, so it ends when
 * one begins.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable } from '../base/promises.ts';
import type { LanguageId, Limits } from '../protocol/index.ts';
import { scratchFolder, sourcePath } from '../runtime/scratch.ts';
import type { Session } from '../session/session.ts';
import type { DebugHost } from './adapter.ts';
import { debuggerOf } from './adapters/table.ts';
import { writeFiles } from './build.ts';
import { findAdapter } from './find.ts';
import { ReadyAdapter } from './ready-adapter.ts';
import { canWait, type Choice, isFor, launchOf, type Wish } from './wish.ts';

export interface ReadyAdaptersOptions {
  /** If false, no adapter is ever started in advance. */
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** undefined: nothing can be debugged. */
  host(language: LanguageId): Promise<DebugHost | undefined>;
}

interface Slot {
  readonly session: Session;
  /** Is there when it is being started; undefined in it: none can wait, or nobody needs it any more. */
  adapter: Promise<ReadyAdapter | undefined> | undefined;
  /** What it is started for. undefined: that is not known yet. */
  wish: Wish | undefined;
  /** Finds that out. */
  wishing(): Promise<Wish | undefined>;
  cancel(): void;
}

/** How long a session must have been quiet before an adapter is started in it. */
const QUIET_MS = 300;
/** How long an adapter waits. */
const IDLE_MS = 10 * 60_000;
/** How long a debugger for a language counts, after which sessions in that language get an adapter at their beginning. */
const LATELY_MS = 5 * 60_000;
/** So many wait in all sessions together. */
const MAX_WAITING = 4;
const MAX_FAILURES = 3;

/** With lower limits than these, what waits would use up too much of them: debugpy has three processes. */
const MIN_MEMORY_BYTES = 512 * 1024 * 1024;
const MIN_PIDS = 128;

export class ReadyAdapters {
  readonly #options: ReadyAdaptersOptions;
  readonly #slots = new Map<Session, Slot>();
  readonly #failures = new WeakMap<Session, number>();
  readonly #debugged = new Map<LanguageId, Last>();
  #closed = false;

  constructor(options: ReadyAdaptersOptions) {
    this.#options = options;
  }

  /** What was debugged last in this language. undefined: nothing was in the last minutes. */
  #lately(language: LanguageId): Last | undefined {
    const last = this.#debugged.get(language);
    return last && this.#options.clock.monotonic() - last.at < LATELY_MS ? last : undefined;
  }

  /** Notes that a debugger has started. */
  debugs({ row: { language }, choice, stays }: Wish): void {
    this.#debugged.set(language, { at: this.#options.clock.monotonic(), choice: stays && choice.args.length === 0 ? choice : undefined });
  }

  /** Starts an adapter in a new session, if its client says that it will debug there, or its language was debugged in the last minutes. */
  prepareFirst(session: Session, language: LanguageId, { debug }: { readonly debug: boolean }): void {
    const last = this.#lately(language);
    if ((debug || last) && debuggerOf(language)?.waits) this.prepareSoon(session, () => firstWish(session, language, last));
  }

  /**
   * Starts an adapter when the session has been quiet for a moment, unless one waits there already. If that fails, nothing
   * else does; after a few times it is not tried again.
   */
  prepareSoon(session: Session, wish: () => Promise<Wish | undefined>): void {
    if (!this.#options.enabled || this.#closed || session.reason !== undefined || !mayWait(session.limits)) return;
    const old = this.#slots.get(session);
    if (old?.adapter || this.#failures.get(session) === MAX_FAILURES) return;
    if (old) this.#forget(old);
    const slot: Slot = { session, adapter: undefined, wish: undefined, wishing: wish, cancel: () => undefined };
    this.#slots.set(session, slot);
    this.#await(slot, QUIET_MS);
  }

  /** Starts it when the session is not busy. Whether it is, is looked at less and less often. */
  #await(slot: Slot, ms: number): void {
    const { session } = slot;
    const { clock, log } = this.#options;
    slot.cancel = clock.after(ms, () => {
      if (session.state === 'busy' && ms < IDLE_MS) return this.#await(slot, 2 * ms);
      if (session.state !== 'ready') return this.#forget(slot);
      // Those that wait longest give way. Slots are in the order in which their adapters began to wait.
      const waiting = [...this.#slots.values()].filter((each) => each.adapter && each !== slot);
      for (const each of waiting.slice(0, Math.max(0, waiting.length + 1 - MAX_WAITING))) this.#drop(each);
      this.#slots.delete(session);
      this.#slots.set(session, slot);
      slot.cancel = clock.after(IDLE_MS, () => this.#drop(slot));
      slot.adapter = slot.wishing().then((known) => {
        slot.wish = known;
        return known && canWait(known) ? this.#start(session, known) : undefined;
      }).catch((fault: unknown) => {
        this.#failures.set(session, (this.#failures.get(session) ?? 0) + 1);
        log.debug('a debugger could not be started in advance', fault);
        return undefined;
      });
      void slot.adapter.then(async (adapter) => {
        await adapter?.exited;
        if (this.#slots.get(session) === slot) this.#drop(slot);
      });
    });
  }

  /**
   * Resolves with the adapter that waits in the session and suits; the caller owns it from then on. One that does not suit, or
   * is still being started when `halted` aborts, is ended. One that will not suit is not waited for.
   */
  async take(session: Session, wish: Wish, halted: AbortSignal): Promise<ReadyAdapter | undefined> {
    const slot = this.#slots.get(session);
    if (!slot) return undefined;
    this.#forget(slot);
    const starting = !slot.wish || isFor(slot.wish, wish) ? slot.adapter : undefined;
    const adapter = starting && (await abortable(halted, starting).catch(() => undefined));
    if (adapter?.suits(wish)) return adapter;
    this.#drop(slot);
    return undefined;
  }

  /**
   * A program begins in the session, other than that of an adapter that was taken: what waits there ends. Another one is
   * started when the session is quiet, if its language was debugged in the last minutes.
   */
  disturb(session: Session): void {
    const slot = this.#slots.get(session);
    if (!slot?.adapter) return;
    this.#drop(slot);
    const language = slot.wish?.row.language ?? session.language;
    if (language && this.#lately(language)) this.prepareSoon(session, slot.wishing);
  }

  /** Ends an adapter, unless it was needed. */
  discard({ sandbox, reason }: Session, adapter: ReadyAdapter): void {
    // With its sandbox it is gone anyway.
    if (adapter.used || reason !== undefined) return;
    adapter.kill(sandbox).catch((fault: unknown) => this.#options.log.debug('a debugger that was not needed could not be removed', fault));
  }

  /** Starts no more adapters. Those that wait are removed together with their sandboxes. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#slots.values()) this.#forget(slot);
  }

  #drop(slot: Slot): void {
    this.#forget(slot);
    void slot.adapter?.then((adapter) => adapter && this.discard(slot.session, adapter));
  }

  #forget(slot: Slot): void {
    slot.cancel();
    if (this.#slots.get(slot.session) === slot) this.#slots.delete(slot.session);
  }

  async #start({ sandbox }: Session, wish: Wish): Promise<ReadyAdapter | undefined> {
    const host = await this.#options.host(wish.row.language);
    if (!host) return undefined;
    const scratch = scratchFolder();
    const { clock } = this.#options;
    let started: ReadyAdapter | undefined;
    try {
      const launch = launchOf(wish, scratch);
      // One that waits for a program needs that when it starts.
      if (wish.row.waits?.(launch.interpreter) === 'forProgram') await sandbox.files.read(launch.program, 0, 0);
      const found = await findAdapter(wish.row, { sandbox, host, clock, toolchain: wish.toolchain, launch, scratch });
      if (found.missing !== undefined || found.wake === undefined) return undefined;
      for (const phase of wish.phases(scratch)) await writeFiles(phase, sandbox);
      started = await ReadyAdapter.start(sandbox, clock, { wish, found, scratch });
      return started;
    } finally {
      if (!started) await sandbox.files.delete(scratch, { recursive: true, force: true });
    }
  }
}

/** What is remembered of the program that was debugged last, for other sessions. Arguments of one session do not come into another one, where every program could read them. */
interface Last {
  readonly at: number;
  /** undefined: it had arguments, or is no file that stays. */
  readonly choice: Choice | undefined;
}

/** What a client debugs if it says nothing more. */
const PLAIN = { args: [], cwd: '/workspace', stopOnEntry: false, justMyCode: true, terminal: false };

/** What a client most likely debugs first: what it has debugged last, in another session. undefined: that can't be known, or can't be debugged. */
async function firstWish({ sandbox, env, environment }: Session, language: LanguageId, last: Last | undefined): Promise<Wish | undefined> {
  const row = debuggerOf(language);
  const toolchain = await sandbox.toolchain(language);
  if (!row || !toolchain) return undefined;
  const choice = last?.choice ?? { ...PLAIN, program: sourcePath('/workspace', toolchain) };
  const stays = last?.choice !== undefined;
  const phases = (scratch: string) => toolchain.phases(choice.program, [], scratch);
  if (phases(scratchFolder()).length !== 1) return undefined;
  return { row, toolchain, choice, stays, env, settled: environment.settled, phases };
}

function mayWait({ memoryBytes, pids }: Pick<Limits, 'memoryBytes' | 'pids'>): boolean {
  return memoryBytes >= MIN_MEMORY_BYTES && pids >= MIN_PIDS;
}
