/**
 * A terminal of the editor for a program that is debugged. The editor is asked to start `codebeaker dap --terminal SOCKET` in
 * one, a program of this machine that is ours; it shows there what comes over the socket, and says what is typed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { type Clock, within } from '../base/clock.ts';
import { abortable, deferred } from '../base/promises.ts';
import type { Json } from '../debug/dap.ts';
import { CommandResize, SignalCommand } from '../protocol/index.ts';
import type { Size } from './screen.ts';
import { CannotRun } from './source.ts';
import { passInput, send, showOutput } from './streams.ts';
import type { Surroundings } from './surroundings.ts';

/** What the program in the terminal says, each as a line in JSON: first the size, then what is typed, in base64. */
export type Said = Size | { readonly input: string };

export interface EditorTerminal {
  readonly size: Size;
  /** Shows what comes as output. */
  show(connection: MessageConnection): void;
  /** Connects it with the program of a command that has begun. */
  attach(connection: MessageConnection, commandId: string): void;
  /** The program has ended. What it has printed is shown to its end. */
  end(): void;
  /** Nobody shows anything any more. */
  close(): void;
}

export interface TerminalParts {
  readonly surroundings: Pick<Surroundings, 'clock' | 'platform' | 'self'>;
  readonly kind: 'integrated' | 'external';
  readonly title: string;
  readonly cwd: string;
  /** Asks the editor by `runInTerminal`. Rejects with words for people where it refuses. */
  ask(args: Json): Promise<void>;
  readonly signal: AbortSignal;
}

/** How long the editor may take to start the program in a terminal. */
const PATIENCE_MS = 30_000;

/** @throws CannotRun where the editor starts nothing */
export async function openTerminal({ surroundings: { clock, platform, self }, kind, title, cwd, ask, signal }: TerminalParts): Promise<EditorTerminal> {
  // Nobody else can come to what is in it.
  const folder = await mkdtemp(join(tmpdir(), 'codebeaker-terminal-'));
  const path = platform === 'win32' ? `\\\\.\\pipe\\codebeaker-${randomUUID()}` : join(folder, 'socket');
  const arrived = deferred<Socket>();
  const server = createServer((socket) => {
    server.close();
    arrived.resolve(socket);
    void arrived.promise.then((first) => first === socket || socket.destroy());
  });
  const remove = async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(server.listen(path), 'listening');
    const refused = ask({ kind, title, cwd, args: [...self, 'dap', '--terminal', path] }).then(() => new Promise<never>(() => undefined));
    const screen = await inTime(clock, abortable(signal, Promise.race([arrived.promise.then((socket) => Screen.of(socket)), refused])));
    // Nobody else is to connect, so nothing is left of it where this program is killed.
    await remove();
    return {
      get size() {
        return screen.size;
      },
      show: (connection) => screen.show(connection),
      attach: (connection, commandId) => screen.attach(connection, commandId),
      end: () => screen.end(),
      close: () => screen.close(),
    };
  } catch (fault) {
    void arrived.promise.then((socket) => socket.destroy());
    await remove();
    throw fault;
  }
}

/** @throws CannotRun */
async function inTime<T>(clock: Clock, waiting: Promise<T>): Promise<T> {
  if (await within(clock, PATIENCE_MS, waiting)) return waiting;
  throw new CannotRun(`the editor has not started a terminal for the program within ${PATIENCE_MS / 1000} seconds; "console": "internalConsole" does without one`);
}

/** What is shown, and who shows it. */
class Screen {
  readonly #socket: Socket;
  readonly #typed = new PassThrough();
  #size: Size;
  #resized: () => void = () => undefined;
  #left: () => void = () => undefined;
  /** Whether nobody shows anything any more. */
  #gone = false;
  /** Whether the program has ended, or nobody waits for it. */
  #over = false;

  private constructor(socket: Socket, size: Size, lines: AsyncIterator<string>) {
    this.#socket = socket;
    this.#size = size;
    void this.#read(lines).catch(() => undefined).then(() => {
      this.#gone = true;
      if (!this.#over) this.#left();
      this.#typed.end();
    });
  }

  /** Resolves when it is known how large it is. */
  static async of(socket: Socket): Promise<Screen> {
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const first = await lines.next();
    const said = first.done ? undefined : (JSON.parse(first.value) as Said);
    if (!said || !('cols' in said)) throw new CannotRun('the terminal of the editor was closed before the program began');
    return new Screen(socket, said, lines);
  }

  get size(): Size {
    return this.#size;
  }

  show(connection: MessageConnection): void {
    const output = this.#socket as unknown as NodeJS.WriteStream;
    showOutput(connection, { stdout: output, stderr: output }, { heard: () => undefined, whenFree: (write) => write() });
  }

  attach(connection: MessageConnection, commandId: string): void {
    this.#resized = () => void send(connection, CommandResize.name, { commandId, ...this.#size });
    // Who closes a terminal ends what runs there.
    this.#left = () => void connection.sendRequest(SignalCommand.name, { commandId, signal: 'SIGHUP' }).catch(() => undefined);
    if (this.#gone) this.#left();
    this.#resized();
    passInput(connection, commandId, this.#typed);
  }

  end(): void {
    this.#over = true;
    this.#socket.end();
  }

  close(): void {
    this.#over = true;
    this.#socket.destroySoon();
  }

  async #read(lines: AsyncIterator<string>): Promise<void> {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const said = JSON.parse(next.value) as Said;
      if ('cols' in said) {
        this.#size = said;
        this.#resized();
      } else if (!this.#typed.write(Buffer.from(said.input, 'base64'))) {
        await once(this.#typed, 'drain');
      }
    }
  }
}
