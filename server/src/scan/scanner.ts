/**
 * Scans texts, one after the other, in a thread that is started when it is first needed and ended when it has been idle
 * for a minute. The same text is not scanned twice.
 */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { type Clock, deadline } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Sequence } from '../base/promises.ts';
import type { Finding, Text } from './finding.ts';
import type { ScanThread } from './worker.ts';

/** Why a text was not scanned, in words for people. */
export class ScanFault extends Error {}

export interface ScannerParts {
  start(): ScanThread;
  readonly clock: Clock;
  readonly log: Log;
}

const IDLE_MS = 60_000;
/** A text that takes longer is given up, and the thread with it. */
const SCAN_DEADLINE_MS = 5_000;
/** More texts do not wait. */
const MAX_WAITING = 100;
/** So many texts, by their digests, are remembered with what was found. */
const MAX_REMEMBERED = 200;

/** What others need of a scanner. */
export type TextScanner = Pick<Scanner, 'scan' | 'close'>;

export class Scanner {
  readonly #parts: ScannerParts;
  readonly #turns = new Sequence();
  readonly #remembered = new Map<string, readonly Finding[]>();
  #thread: ScanThread | undefined;
  #waiting = 0;
  #stopIdling = () => undefined as void;
  #closed = false;

  constructor(parts: ScannerParts) {
    this.#parts = parts;
  }

  /** @throws ScanFault */
  async scan(text: Text): Promise<readonly Finding[]> {
    const key = keyOf(text);
    const known = this.#remembered.get(key);
    if (known) return known;
    if (this.#waiting >= MAX_WAITING) throw new ScanFault('too many texts are waiting to be scanned');
    this.#waiting++;
    try {
      return await this.#turns.run(async () => this.#remembered.get(key) ?? this.#keep(key, await this.#ask(text)));
    } finally {
      this.#waiting--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #ask(text: Text): Promise<readonly Finding[]> {
    const { clock, log, start } = this.#parts;
    if (this.#closed) throw new ScanFault('the daemon is ending');
    this.#stopIdling();
    try {
      this.#thread ??= start();
      const answer = await deadline(clock, SCAN_DEADLINE_MS, this.#thread.ask(text), () => new Error(`it took longer than ${SCAN_DEADLINE_MS} ms`));
      if ('fault' in answer) throw new Error(answer.fault);
      return answer.findings;
    } catch (fault) {
      await this.#end();
      if (!this.#closed) log.warn('a text could not be scanned', fault);
      throw new ScanFault('the text could not be scanned');
    } finally {
      if (this.#thread) this.#stopIdling = clock.after(IDLE_MS, () => void this.#end());
    }
  }

  async #end(): Promise<void> {
    this.#stopIdling();
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }

  #keep(key: string, findings: readonly Finding[]): readonly Finding[] {
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(oldest);
    this.#remembered.set(key, findings);
    return findings;
  }
}

/** Nobody can make another text that has the same key. */
function keyOf({ language, path = '', code }: Text): string {
  return createHash('sha256').update(`${JSON.stringify([language, extname(path)])}\n`).update(code).digest('base64');
}
