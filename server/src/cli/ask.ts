/** Asks the person at the terminal whether the program may reach a host. While a question is shown, what is typed is its answer, and the program writes nothing. */
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { NetworkRequestAccess, type NetworkRequestAccessResult } from '../protocol/index.ts';
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

/** Whether there is somebody who can be asked. */
export function canBeAsked({ stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY;
}

export class Asker {
  readonly #terminal: Pick<Terminal, 'stdin' | 'stderr'>;
  readonly #turn = new Sequence();
  #answer: ((allow: Allow) => void) | undefined;
  /** Ends the question that is shown, without an answer. */
  #withdraw: (() => void) | undefined;
  #closed = false;
  /** What the program writes meanwhile. */
  readonly #held: (() => void)[] = [];

  constructor(terminal: Pick<Terminal, 'stdin' | 'stderr'>) {
    this.#terminal = terminal;
  }

  /** One question is shown at a time. */
  listen(connection: MessageConnection): void {
    connection.onRequest(NetworkRequestAccess.name, ({ host, port }: { host: string; port: number }, token: CancellationToken) =>
      this.#turn.run(async () => ({ allow: this.#closed || token.isCancellationRequested ? 'deny' : await this.#ask(`${host.includes(':') ? `[${host}]` : host}:${port}`, token) })));
  }

  /** Returns whether the input was an answer and not for the program. */
  takes(bytes: Buffer): boolean {
    if (!this.#answer) return false;
    this.#answer(answers[bytes.toString('latin1', 0, 1).toLowerCase()] ?? 'deny');
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
    stderr.write(`${FRESH_LINE}codebeaker: let this program reach ${place}? [y = once, a = for this run, N] `);
    return new Promise((resolve) => {
      const withdrawn = token.onCancellationRequested(() => end('deny', 'no: nobody answered'));
      const end = (allow: Allow, words: string) => {
        withdrawn.dispose();
        this.#answer = this.#withdraw = undefined;
        // A terminal in raw mode shows nothing of what is typed by itself.
        stderr.write(stdin.isRaw || words.length > 1 ? `${words}\r\n` : '');
        for (const write of this.#held.splice(0)) write();
        resolve(allow);
      };
      this.#answer = (allow) => end(allow, told[allow]);
      this.#withdraw = () => end('deny', 'no: the program has ended');
    });
  }
}
