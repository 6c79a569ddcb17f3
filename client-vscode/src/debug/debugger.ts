/** A debugger in a sandbox: it is started over the connection to the daemon, and its messages come and go there. */
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { Listeners } from '../base/listeners.ts';
import type { Connection } from '../client/connection.ts';
import type { Params } from '../client/methods.ts';
import type { Claimed } from '../run/sandbox/claim.ts';
import type { DapMessage, DapRequest } from './dap.ts';
import type { DebugSpec } from './launch.ts';
import type { Streams } from '../run/program.ts';
import type { Size } from '../run/terminal/screen.ts';
import { Names } from './names.ts';
import { Places } from './place.ts';
import type { DebugTerminal } from './terminals.ts';

export type DebugEnded = Pick<Params<'debug/ended'>, 'outcome' | 'exitCode'>;

export interface DebuggerParts {
  readonly connection: Connection;
  readonly spec: DebugSpec;
  readonly claimed: Claimed;
  readonly id: string;
  /** That of the program. undefined: it has none. */
  readonly terminal: DebugTerminal | undefined;
  take(message: DapMessage): void;
}

export class Debugger {
  readonly #parts: DebuggerParts;
  readonly #names: Names;
  readonly #listening: { dispose(): void }[];
  /** Resolves when the program and the debugger have ended; with undefined if the daemon has ended, and with it everything. */
  readonly ended: Promise<DebugEnded | undefined>;

  private constructor(parts: DebuggerParts) {
    const { connection, spec, claimed, id, take } = parts;
    this.#parts = parts;
    this.#names = new Names(spec.run.source, !claimed.folderRefused);
    const places = new Places(spec.run.source.language, this.#names);
    let tellEnded: (end: DebugEnded | undefined) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      tellEnded = resolve;
    });
    this.#listening = [
      connection.on('debug/message', ({ debugId, message }) => {
        // The daemon asks nothing of an editor, and nobody else may.
        if (debugId === id && message.type !== 'request') take(this.#names.toEditor(places.place(message as unknown as DapMessage)));
      }),
      connection.on('debug/ended', (params) => {
        if (params.debugId === id) tellEnded(params);
      }),
      endOf(connection).add(() => tellEnded(undefined)),
    ];
  }

  /** @throws what the daemon answers */
  static async start(parts: DebuggerParts, token: CancellationToken): Promise<Debugger> {
    const { connection, spec: { run: { source, options }, stopOnEntry, justMyCode, timeoutMs }, claimed, id, terminal } = parts;
    const started = new Debugger(parts);
    try {
      const start = (pty?: Size) => connection.request('debug/start', {
        ...(pty ? { pty } : {}), sessionId: claimed.session.sessionId, debugId: id, path: source.path, language: source.language, cwd: source.cwd,
        args: [...options.args], stopOnEntry, justMyCode, timeoutMs, pathMappings: started.#names.mappings,
      }, token);
      if (terminal) await started.#startIn(terminal, start, token);
      else await start();
      return started;
    } catch (fault) {
      started.dispose();
      throw fault;
    }
  }

  /** Resolves when the debugger has started. The terminal is the program's until it has ended. */
  #startIn(terminal: DebugTerminal, start: (pty?: Size) => Promise<unknown>, token: CancellationToken): Promise<void> {
    return new Promise((resolve, reject) => {
      const work = async (streams: Streams) => {
        await start(streams.pty);
        // The daemon knew nothing of the program when it was closed.
        if (terminal.isClosed) terminal.hangUp();
        resolve();
        await this.ended;
      };
      terminal.program.execute(work, token).catch(reject).finally(terminal.done);
    });
  }

  send(request: DapRequest): void {
    const { connection, id } = this.#parts;
    connection.notify('debug/message', { debugId: id, message: { ...this.#names.toDaemon(request) } });
  }

  dispose(): void {
    for (const { dispose } of this.#listening) dispose();
  }
}

const ends = new WeakMap<Connection, Listeners<void>>();

/** The end of a connection, to which a listener need not listen for ever: what waits for a promise stays there until it resolves. */
function endOf(connection: Connection): Listeners<void> {
  const known = ends.get(connection);
  if (known) return known;
  const listeners = new Listeners<void>();
  ends.set(connection, listeners);
  void connection.ended.then(() => listeners.tell());
  return listeners;
}
