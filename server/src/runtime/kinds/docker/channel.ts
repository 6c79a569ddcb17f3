/** A connection to a process in a container (Docker calls it hijacked) as a channel of a shell, with flow control in both directions. */
import type { Duplex } from 'node:stream';
import { deferred } from '../../../base/promises.ts';
import { writeTo } from '../../machine/write.ts';
import type { Sink, TerminalSize } from '../../ports.ts';
import type { Channel, TerminalChannel } from '../../shell/index.ts';
import { Demultiplexer } from './demux.ts';


export class SocketChannel implements Channel {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #multiplexed: boolean;
  #pending: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, multiplexed = true) {
    this.#socket = socket;
    this.#multiplexed = multiplexed;
    const done = deferred();
    this.closed = done.promise;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => void this.#pending.finally(done.resolve));
    socket.on('end', () => socket.destroy());
    // It may have closed before the listeners were added.
    if (socket.destroyed) done.resolve();
  }

  write(bytes: Buffer | string): Promise<void> {
    return writeTo(this.#socket, bytes);
  }

  end(): void {
    this.#socket.end();
  }

  listen(sink: Sink): void {
    const frames = new Demultiplexer(sink);
    const feed = this.#multiplexed ? (chunk: Buffer) => frames.feed(chunk) : (chunk: Buffer) => sink('pty', chunk);
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        const taken = feed(chunk);
        if (taken) this.#wait(taken);
      } catch {
        this.destroy();
      }
    });
  }

  #wait(taken: Promise<void>): void {
    this.#socket.pause();
    this.#pending = taken.then(
      () => void this.#socket.resume(),
      () => this.destroy(),
    );
  }

  destroy(): void {
    this.#pending = Promise.resolve();
    this.#socket.destroy();
  }
}

/** What the engine offers for a process that was started by exec on a terminal. */
export interface ExecControl {
  resize(size: TerminalSize): Promise<void>;
  /** undefined: the engine does not know it. */
  exitCode(): Promise<number | undefined>;
}

export class SocketTerminal extends SocketChannel implements TerminalChannel {
  readonly #control: ExecControl;

  constructor(socket: Duplex, control: ExecControl) {
    super(socket, false);
    this.#control = control;
  }

  resize(size: TerminalSize): Promise<void> {
    return this.#control.resize(size);
  }

  exitCode(): Promise<number | undefined> {
    return this.#control.exitCode();
  }
}
