/** Asks the person at the terminal whether the program may reach a host. While a question is shown, what is typed is its answer, and the program writes nothing. */
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { NetworkRequestAccess, type NetworkRequestAccessResult } from '../protocol/index.ts';
import type { Clock } from '../base/clock.ts';
import { Sequence } from '../base/promises.ts';
import type { Terminal } from './streams.ts';

type Allow = NetworkRequestAccessResult['allow'];

const answers: Readonly<Record<string, Allow>> = { y: 'once', a: 'session' };
const told: Readonly<Record<Allow, string>> = { once: 'y', session: 'a', deny: 'n' };

/**
 * What a program has written could hide a question or change how it looks. This ends a sequence that the program has begun,
 * takes back its colours, character sets and margins, and empties the screen from the next line on.
 */
const FRESH_LINE = '\x18\x1b\\\x1b[!p\x1b(B\x0f\x1b[0m\r\n\x1b[J';

/**
 * A person sees a question before they answer it. A key that comes sooner than this after the question, or after another key,
 * was typed for something else.
 */
const PAUSE_MS = 300;

const ENTER = /^[\r\n]+$/;

/** Whether there is somebody who can be asked. */
export function canBeAsked({ stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY;
}

export class Asker {
  readonly #terminal: Pick<Terminal, 'stdin' | 'stderr'>;
  readonly #clock: Clock;
  readonly #turn = new Sequence();
  /** When the question was shown, or a key came after it. */
  #quietSince = 0;
  /** Until when an Enter belongs to the answer that was given. */
  #enterUntil = 0;
  #answer: ((allow: Allow) => void) | undefined;
  /** Ends the question that is shown, without an answer. */
  #withdraw: (() => void) | undefined;
  #closed = false;
  /** What the program writes meanwhile. */
  readonly #held: (() => void)[] = [];

  constructor(terminal: Pick<Terminal, 'stdin' | 'stderr'>, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** One question is shown at a time. */
  listen(connection: MessageConnection): void {
    connection.onRequest(NetworkRequestAccess.name, ({ host, port }: { host: string; port: number }, token: CancellationToken) =>
      this.#turn.run(async () => ({ allow: this.#closed || token.isCancellationRequested ? 'deny' : await this.#ask(`${host.includes(':') ? `[${host}]` : host}:${port}`, token) })));
  }

  /** Returns whether the input came while a question was shown, and is not for the program. */
  takes(bytes: Buffer): boolean {
    const now = this.#clock.monotonic();
    const typed = bytes.toString('latin1');
    if (!this.#answer) {
      const belongs = now < this.#enterUntil && ENTER.test(typed);
      this.#enterUntil = 0;
      return belongs;
    }
    const quietMs = now - this.#quietSince;
    this.#quietSince = now;
    if (quietMs < PAUSE_MS) return true;
    const key = typed.replace(/[\r\n]+$/, '');
    if (key === typed) this.#enterUntil = now + PAUSE_MS;
    this.#answer(answers[key.toLowerCase()] ?? 'deny');
    return true;
  }

  /** Writes something of the program, now or when no question is shown any more. */
  whenQuiet(write: () => void): void {
    if (this.#answer) this.#held.push(write);
    else write();
  }

  /** The program has ended, so nothing is asked any more. */
  close(): void {
    this.#closed = true;
    this.#withdraw?.();
  }

  #ask(place: string, token: CancellationToken): Promise<Allow> {
    const { stdin, stderr } = this.#terminal;
    // A line that was begun for something else must not become the answer, so every key comes by itself.
    const byLines = stdin.isRaw !== true;
    if (byLines) stdin.setRawMode?.(true);
    stderr.write(`${FRESH_LINE}codebeaker: let this program reach ${place}? [y = once, a = for this run, N] `);
    this.#quietSince = this.#clock.monotonic();
    return new Promise((resolve) => {
      const withdrawn = token.onCancellationRequested(() => end('deny', 'no: nobody answered'));
      const end = (allow: Allow, words: string) => {
        withdrawn.dispose();
        this.#answer = this.#withdraw = undefined;
        // A terminal in raw mode shows nothing of what is typed by itself.
        stderr.write(`${words}\r\n`);
        if (byLines) stdin.setRawMode?.(false);
        for (const write of this.#held.splice(0)) write();
        resolve(allow);
      };
      this.#answer = (allow) => end(allow, told[allow]);
      this.#withdraw = () => end('deny', 'no: the program has ended');
    });
  }
}
