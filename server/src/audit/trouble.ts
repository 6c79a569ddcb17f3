/** What keeps the log from being written, if anything does: it is told when it begins and when it is over. */
import type { Log } from '../base/log.ts';

export interface Reason {
  readonly code: string;
  readonly words: string;
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full', EDQUOT: 'the quota of the disk is used up', EROFS: 'the disk can only be read', EACCES: "the folder can't be written", EPERM: "the file can't be written", EIO: 'the disk has failed', EMFILE: 'too many files are open',
  ENOTDIR: 'a file stands where its folder should be', EEXIST: 'a file stands where its folder should be',
};

export class Trouble {
  readonly #log: Log;
  readonly #heard = new Set<(reason: Reason) => void>();
  #now: Reason | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** undefined: everything is written. */
  get now(): Reason | undefined {
    return this.#now;
  }

  /** `tell` is called when trouble begins, and at once if there is some. Calling the returned function ends that. */
  watch(tell: (reason: Reason) => void): () => void {
    this.#heard.add(tell);
    if (this.#now) tell(this.#now);
    return () => void this.#heard.delete(tell);
  }

  began(fault: unknown): void {
    if (this.#now) return;
    const code = (fault as { code?: string }).code ?? 'unknown error';
    const reason = { code, words: words[code] ?? 'the system refuses it' };
    this.#now = reason;
    this.#log.warn(`the audit log can't be written: ${reason.words} (${code})`);
    for (const tell of this.#heard) tell(reason);
  }

  over(): void {
    if (!this.#now) return;
    this.#now = undefined;
    this.#log.warn('the audit log is written again');
  }
}
