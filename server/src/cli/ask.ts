/** Asks the person at the terminal whether the program may reach a host. While a question is shown, what is typed is its answer. */
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { NetworkRequestAccess, type NetworkRequestAccessResult } from '../protocol/index.ts';
import { Sequence } from '../base/promises.ts';
import type { Terminal } from './streams.ts';

type Allow = NetworkRequestAccessResult['allow'];

const answers: Readonly<Record<string, Allow>> = { y: 'once', a: 'session' };
const told: Readonly<Record<Allow, string>> = { once: 'y', session: 'a', deny: 'n' };

/** Whether there is somebody who can be asked. */
export function canBeAsked({ stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY;
}

export class Asker {
  readonly #terminal: Pick<Terminal, 'stdin' | 'stderr'>;
  readonly #turn = new Sequence();
  #answer: ((allow: Allow) => void) | undefined;

  constructor(terminal: Pick<Terminal, 'stdin' | 'stderr'>) {
    this.#terminal = terminal;
  }

  /** One question is shown at a time. */
  listen(connection: MessageConnection): void {
    connection.onRequest(NetworkRequestAccess.name, ({ host, port }: { host: string; port: number }, token: CancellationToken) =>
      this.#turn.run(async () => ({ allow: token.isCancellationRequested ? 'deny' : await this.#ask(`${host.includes(':') ? `[${host}]` : host}:${port}`, token) })));
  }

  /** Returns whether the input was an answer and not for the program. */
  takes(bytes: Buffer): boolean {
    if (!this.#answer) return false;
    this.#answer(answers[bytes.toString('latin1', 0, 1).toLowerCase()] ?? 'deny');
    return true;
  }

  #ask(place: string, token: CancellationToken): Promise<Allow> {
    const { stdin, stderr } = this.#terminal;
    stderr.write(`\r\ncodebeaker: let this program reach ${place}? [y = once, a = for this run, N] `);
    return new Promise((resolve) => {
      const withdrawn = token.onCancellationRequested(() => end('deny', 'no: nobody answered'));
      const end = (allow: Allow, words: string) => {
        withdrawn.dispose();
        this.#answer = undefined;
        // A terminal in raw mode shows nothing of what is typed by itself.
        stderr.write(stdin.isRaw || words.length > 1 ? `${words}\r\n` : '');
        resolve(allow);
      };
      this.#answer = (allow) => end(allow, told[allow]);
    });
  }
}
