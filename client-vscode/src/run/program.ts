/** One program of a session with its streams in a screen. */
import type { Execution } from 'codebeaker/protocol';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { Clock } from '../base/clock.ts';
import { faultData } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import type { Params } from '../client/methods.ts';
import { Discipline } from './discipline.ts';
import { Flow } from './flow.ts';
import type { Screen } from './screen.ts';

/** What every execution is asked with. */
export type Streams = Pick<Params<'command/executeShell'>, 'commandId' | 'pty' | 'interactive' | 'stdin'>;

export interface ProgramParts {
  readonly link: Link;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly commandId: string;
  /** All of its input; undefined: what is typed. */
  readonly stdin: string | undefined;
  /** Told every piece of output, as the program wrote it. */
  heard?(text: string): void;
  random(): number;
}

export class Program {
  readonly flow: Flow;
  readonly #parts: ProgramParts;
  /** Whether the program has a terminal of its own. Pipes where the runtime has none, and where input is given. */
  #terminal = false;

  constructor(parts: ProgramParts) {
    const { link, screen, clock, commandId, random } = parts;
    this.#parts = parts;
    this.flow = new Flow({
      write: (text) => screen.write(text),
      taken: (seq) => link.notify('command/ack', { commandId, seq }),
      clock,
      random,
    });
  }

  /**
   * Runs what `start` asks the daemon for. Resolves when it has ended and all its output is in the terminal.
   * @throws what the daemon answers
   */
  async run<T extends Execution>(start: (streams: Streams, token: CancellationToken) => Promise<T>, token: CancellationToken): Promise<T> {
    const { link, screen, commandId, heard } = this.#parts;
    const { flow } = this;
    const discipline = this.#discipline();
    const listening = [
      link.on('command/output', (output) => {
        if (output.commandId !== commandId) return;
        heard?.(output.data);
        flow.take(output.seq, output.stream === 'pty' ? output.data : output.data.replace(/\r?\n/g, '\r\n'));
      }),
      screen.onType((data) => {
        const typed = flow.heard(data);
        if (typed === '') return;
        if (this.#terminal) link.notify('command/input', { commandId, data: typed });
        else discipline.type(typed);
      }),
      screen.onResize((size) => {
        if (this.#terminal) link.notify('command/resize', { commandId, ...size });
      }),
      screen.onClose(() => flow.close()),
    ];
    if (screen.isClosed) flow.close();
    try {
      const result = await this.#start(start, token);
      await flow.drained();
      return result;
    } finally {
      for (const { dispose } of listening) dispose();
    }
  }

  async #start<T>(start: (streams: Streams, token: CancellationToken) => Promise<T>, token: CancellationToken): Promise<T> {
    const { link, screen, commandId, stdin } = this.#parts;
    const pipes = stdin === undefined ? { commandId, interactive: true } : { commandId, stdin };
    if (link.server.capabilities.pty === undefined || stdin !== undefined || screen.plain) return start(pipes, token);
    await screen.opened;
    this.#terminal = true;
    try {
      return await start({ commandId, pty: screen.size }, token);
    } catch (fault) {
      // This runtime has no terminals, whatever others have.
      if (faultData(fault).kind !== 'LanguageUnsupported') throw fault;
      this.#terminal = false;
      return start(pipes, token);
    }
  }

  #discipline(): Discipline {
    const { link, commandId, stdin } = this.#parts;
    return new Discipline({
      echo: (text) => {
        if (stdin === undefined || text.startsWith('^')) this.flow.echo(text);
      },
      send: (data) => {
        if (stdin === undefined) link.notify('command/input', { commandId, data });
      },
      end: () => {
        if (stdin === undefined) link.notify('command/input', { commandId, data: '', end: true });
      },
      signal: (signal) => {
        // A program that has just ended gets none.
        link.request('command/signal', { commandId, signal }).catch(() => undefined);
      },
    });
  }
}
