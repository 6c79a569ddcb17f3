/** The shells of one sandbox: opened on demand, kept idle, a named maximum. */
import { type Clock, deadline, sleep } from '../../base/clock.ts';
import { deferred, type Deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { ShellSource } from './channel.ts';
import { type Facts, parseFacts } from './facts.ts';
import { HeldShell, newMark } from './shell.ts';

/** Shells and terminals of one sandbox at once; who comes later waits for one to become free. */
export const MAX_SHELLS = 16;
/** A shell that does not speak within this time was stopped by what runs beside it. */
const OPEN_DEADLINE_MS = 20_000;
/** Processes that were killed a moment ago still count: a shell that finds no place is tried again. */
const OPEN_TRIES = 5;
const OPEN_AGAIN_MS = 100;

/** A shell that is somebody's until it is given back. */
export interface BorrowedShell {
  readonly shell: HeldShell;
  /** `clean`: nothing is left that could print into the next command. */
  giveBack(clean: boolean): void;
}

export class ShellPool {
  readonly #source: ShellSource;
  readonly #first: HeldShell;
  readonly #clock: Clock;
  readonly #gone: () => ProtocolError;
  readonly #idle: HeldShell[];
  readonly #all = new Set<HeldShell>();
  readonly #waiting: Deferred<void>[] = [];
  #used = 0;
  #closed = false;

  constructor(source: ShellSource, first: HeldShell, clock: Clock, gone: () => ProtocolError) {
    this.#source = source;
    this.#first = first;
    this.#clock = clock;
    this.#gone = gone;
    this.#idle = [first];
    this.#all.add(first);
  }

  /** An idle shell, or a new one. Served in the order asked. */
  async borrow(): Promise<BorrowedShell> {
    const free = await this.reserve();
    try {
      const shell = this.#takeIdle() ?? (await this.#open()).shell;
      return { shell, giveBack: (clean) => this.#takeBack(shell, clean, free) };
    } catch (fault) {
      free();
      throw fault;
    }
  }

  /** A shell of its own, for a program that owns its stdin. Whoever asks destroys it. */
  async openOwn(): Promise<{ shell: HeldShell; facts: Facts }> {
    const free = await this.reserve();
    try {
      const opened = await this.#open();
      void opened.closed.then(free);
      return opened;
    } catch (fault) {
      free();
      throw fault;
    }
  }

  /** Counts one more in; the result counts it out. */
  async reserve(): Promise<() => void> {
    while (this.#used >= MAX_SHELLS && !this.#closed) {
      const turn = deferred();
      this.#waiting.push(turn);
      await turn.promise;
    }
    if (this.#closed || !this.#first.alive) throw this.#gone();
    this.#used++;
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      this.#used--;
      this.#waiting.shift()?.resolve();
    };
  }

  /** Nobody waits for a shell that will never come. */
  close(): void {
    this.#closed = true;
    for (const turn of this.#waiting.splice(0)) turn.resolve();
    for (const shell of this.#all) if (shell !== this.#first) shell.destroy();
  }

  #takeIdle(): HeldShell | undefined {
    for (let shell = this.#idle.pop(); shell; shell = this.#idle.pop()) if (shell.alive) return shell;
    return undefined;
  }

  async #open(): Promise<Opened> {
    for (let tries = 1; ; tries++) {
      const last = tries === OPEN_TRIES;
      const opened = await this.#try(last);
      if (opened) return opened;
      if (this.#closed || !this.#first.alive) throw this.#gone();
      if (last) throw unwell('ended at once');
      await sleep(this.#clock, OPEN_AGAIN_MS);
    }
  }

  /** undefined: it ended before it spoke, or there is no need for it any more. */
  async #try(last: boolean): Promise<Opened | undefined> {
    const mark = newMark();
    const channel = await this.#source.open(mark).catch((fault: unknown) => {
      if (last || !(fault instanceof ProtocolError && fault.kind === 'SandboxFailed')) throw fault;
    });
    if (!channel) return undefined;
    const { shell, facts } = HeldShell.open(channel, mark, this.#clock);
    const text = await deadline(this.#clock, OPEN_DEADLINE_MS, facts, () => unwell('says nothing')).catch((fault: unknown) => {
      channel.destroy();
      throw fault;
    });
    if (text === undefined || this.#closed) {
      channel.destroy();
      return undefined;
    }
    this.#all.add(shell);
    void channel.closed.then(() => this.#all.delete(shell));
    return { shell, facts: parseFacts(text), closed: channel.closed };
  }

  /** The first shell is the sandbox's lease: when it is not clean it only serves for control from then on. */
  #takeBack(shell: HeldShell, clean: boolean, free: () => void): void {
    if (clean && shell.alive) this.#idle.push(shell);
    else if (shell !== this.#first) shell.destroy();
    free();
  }
}

interface Opened {
  readonly shell: HeldShell;
  readonly facts: Facts;
  readonly closed: Promise<void>;
}

function unwell(what: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `another shell in the sandbox ${what}: what runs there leaves it no room; end that, raise limits.pids, or create a new session`);
}
