/**
 * How many sessions are open in all daemons of a user. Each daemon that has to know keeps a folder with its own number, and
 * a lock on the folder for as long as it lives: a number counts while its lock is held, so it goes however a daemon ends.
 */
import { isThere } from '../base/is-there.ts';
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { makeFolders } from '../base/folders.ts';
import type { Log } from '../base/log.ts';
import { Sequence } from '../base/promises.ts';
import type { QuotaState } from '../protocol/index.ts';
import { exceeded, SESSIONS } from './allowances.ts';

/** Locks on folders. `absent`: nobody on this kernel has held it. */
export interface Locks {
  holdLock(folder: string): Promise<() => void>;
  stateOfLock(folder: string): Promise<'held' | 'released' | 'absent'>;
}

export interface OpenSessionsParts {
  /** The folder that all daemons of the user share. */
  readonly folder: string;
  readonly locks: Locks;
  readonly clock: Clock;
  readonly log: Log;
}

/** The number is the size of this file, which changes at once. Its name is short, as that of the folder is, because the path of a lock may not be long. */
const NUMBER = 'open';
const OWN_NAME = /^[0-9a-f]{8}$/;
/** A folder whose lock is unknown to this kernel may belong to another machine, which has this long to come back. */
const UNUSED_MS = 30 * 24 * 3_600_000;

export class OpenSessions {
  readonly #parts: OpenSessionsParts;
  readonly #name = randomBytes(4).toString('hex');
  readonly #entering = new Sequence();
  #own = 0;
  /** undefined: others have not been told, or can't be. */
  #told: Told | undefined;
  #warned = false;

  constructor(parts: OpenSessionsParts) {
    this.#parts = parts;
  }

  /**
   * Counts a session in. The returned function counts it out; further calls do nothing. Invariant: a daemon tells its number
   * before it looks at those of others. So of two that ask for the last place at once none gets more than there is, but
   * both may be refused.
   * @throws ProtocolError QuotaExceeded
   */
  enter(limit: number): Promise<() => void> {
    return this.#entering.run(async () => {
      await this.#beTold();
      let inside = true;
      this.#change(1);
      const leave = () => {
        if (inside) this.#change(-1);
        inside = false;
      };
      const others = await this.#others();
      if (this.#own + others <= limit) return leave;
      leave();
      throw exceeded({ quota: SESSIONS, limit, used: this.#own + others });
    });
  }

  async state(limit: number): Promise<QuotaState> {
    return { quota: SESSIONS, limit, used: this.#own + (await this.#others()) };
  }

  /** From then on the sessions of this daemon count no longer. */
  async close(): Promise<void> {
    await this.#entering.run(async () => {
      const told = this.#told;
      this.#told = undefined;
      await told?.end();
    });
  }

  #change(by: 1 | -1): void {
    this.#own += by;
    this.#told?.set(this.#own);
  }

  /** Somebody may have removed the folder meanwhile. */
  async #beTold(): Promise<void> {
    if (this.#told && (await this.#told.isThere())) return;
    const before = this.#told;
    this.#told = undefined;
    await before?.end();
    this.#told = await this.#tell();
    this.#told?.set(this.#own);
  }

  /** undefined: others can't be told. */
  async #tell(): Promise<Told | undefined> {
    const { folder, locks, log } = this.#parts;
    const own = join(folder, this.#name);
    try {
      makeFolders(folder, 0o700);
      await mkdir(own, { mode: 0o700 });
      const unlock = await locks.holdLock(own);
      const number = openSync(join(own, NUMBER), 'wx', 0o600);
      return {
        set: (count) => ftruncateSync(number, count),
        isThere: () => isThere(join(own, NUMBER)),
        end: async () => {
          unlock();
          closeSync(number);
          await rm(own, { recursive: true, force: true });
        },
      };
    } catch (fault) {
      await rm(own, { recursive: true, force: true }).catch(() => undefined);
      if (!this.#warned) log.warn(`other daemons can't be told of the sessions of this one, so they do not count them (${(fault as { code?: string }).code ?? (fault as Error).message}): check that stateDir in the configuration is a folder that can be written, with a path of at most 66 bytes`);
      this.#warned = true;
      return undefined;
    }
  }

  /** The sessions of other daemons. What dead daemons have left is removed. */
  async #others(): Promise<number> {
    const { folder } = this.#parts;
    const names = await readdir(folder).catch(() => []);
    const numbers = await Promise.all(names.filter((name) => OWN_NAME.test(name) && name !== this.#name).map((name) => this.#numberIn(join(folder, name))));
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  async #numberIn(folder: string): Promise<number> {
    const { locks, clock } = this.#parts;
    const lock = await locks.stateOfLock(folder);
    const found = await stat(lock === 'held' ? join(folder, NUMBER) : folder).catch(() => undefined);
    if (lock === 'held') return found?.size ?? 0;
    if (lock === 'released' || (found && clock.now() - found.mtimeMs > UNUSED_MS)) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return 0;
  }
}

/** The number that others see. */
interface Told {
  set(count: number): void;
  isThere(): Promise<boolean>;
  end(): Promise<void>;
}
