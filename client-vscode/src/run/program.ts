/** Connects one command of the daemon with a screen: output is shown, keys and the size of the terminal are sent. */
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { Clock } from '../base/clock.ts';
import type { Connection } from '../client/connection.ts';
import { faultData } from '../client/faults.ts';
import type { Params } from '../client/methods.ts';
import { LineDiscipline } from './terminal/line-discipline.ts';
import { OutputFlow } from './terminal/output-flow.ts';
import type { Screen } from './terminal/screen.ts';

/** The parameters that say how the streams of a command are connected. */
export type Streams = Pick<Params<'command/executeShell'>, 'commandId' | 'pty' | 'interactive' | 'stdin'>;

/** Sends the request that executes the command, with these streams. */
type Request<T> = (streams: Streams, token: CancellationToken) => Promise<T>;

export interface ProgramParts {
  readonly connection: Connection;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly commandId: string;
  /** All that the program reads; undefined if it reads what is typed. */
  readonly stdin: string | undefined;
  /** Gets every piece of output as the program wrote it. */
  onOutput?(text: string): void;
  random(): number;
}

export class Program {
  readonly flow: OutputFlow;
  readonly #parts: ProgramParts;
  /** Whether the program has a pseudoterminal. It has pipes if the runtime has no pseudoterminals, or if `stdin` is given. */
  #hasPty = false;

  constructor(parts: ProgramParts) {
    const { connection, screen, clock, commandId, random } = parts;
    this.#parts = parts;
    this.flow = new OutputFlow({
      write: (text) => screen.write(text),
      acknowledge: (seq) => connection.notify('command/ack', { commandId, seq }),
      clock,
      random,
    });
  }

  /**
   * Resolves when the program has ended and all its output is in the terminal.
   * @throws what the daemon answers
   */
  async execute<T>(request: Request<T>, token: CancellationToken): Promise<T> {
    const { connection, screen, commandId, onOutput } = this.#parts;
    const { flow } = this;
    const lineDiscipline = this.#lineDiscipline();
    const listening = [
      connection.on('command/output', (output) => {
        if (output.commandId !== commandId) return;
        onOutput?.(output.data);
        flow.push(output.seq, output.stream === 'pty' ? output.data : output.data.replace(/\r?\n/g, '\r\n'));
      }),
      screen.onType((data) => {
        const typed = flow.withoutAnswers(data);
        if (typed === '') return;
        if (this.#hasPty) connection.notify('command/input', { commandId, data: typed });
        else lineDiscipline.type(typed);
      }),
      screen.onResize((size) => {
        if (this.#hasPty) connection.notify('command/resize', { commandId, ...size });
      }),
      screen.onClose(() => flow.close()),
    ];
    if (screen.isClosed) flow.close();
    try {
      const result = await this.#requestWithStreams(request, token);
      await flow.drained();
      return result;
    } finally {
      for (const { dispose } of listening) dispose();
    }
  }

  /** Asks for a pseudoterminal where that makes sense, and for pipes otherwise or if this sandbox has none. */
  async #requestWithStreams<T>(request: Request<T>, token: CancellationToken): Promise<T> {
    const { connection, screen, commandId, stdin } = this.#parts;
    const pipes = stdin === undefined ? { commandId, interactive: true } : { commandId, stdin };
    if (connection.server.capabilities.pty === undefined || stdin !== undefined || screen.plain) return request(pipes, token);
    await screen.opened;
    this.#hasPty = true;
    try {
      return await request({ commandId, pty: screen.size }, token);
    } catch (fault) {
      // The capability is the daemon's. The runtime of this sandbox may lack it.
      if (faultData(fault).kind !== 'LanguageUnsupported') throw fault;
      this.#hasPty = false;
      return request(pipes, token);
    }
  }

  /** For a program whose input was given, only the keys that send a signal have an effect. */
  #lineDiscipline(): LineDiscipline {
    const { connection, commandId, stdin } = this.#parts;
    return new LineDiscipline({
      echo: (text) => {
        if (stdin === undefined || text.startsWith('^')) this.flow.writeNow(text);
      },
      send: (data) => {
        if (stdin === undefined) connection.notify('command/input', { commandId, data });
      },
      end: () => {
        if (stdin === undefined) connection.notify('command/input', { commandId, data: '', end: true });
      },
      signal: (signal) => {
        // The program may have ended in the meantime.
        connection.request('command/signal', { commandId, signal }).catch(() => undefined);
      },
    });
  }
}
