/** Named pipes as a channel, with flow control in both directions. */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Interruption } from '../../base/promises.ts';
import { writeTo } from '../machine/write.ts';
import type { Sink, Stream } from '../ports.ts';
import type { Channel } from './channel.ts';

const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** Paths of the named pipes that are a process's three streams. */
export interface Streams {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Our ends. Nobody need have the others: what reads stdin finds it open, because we hold both of its ends, and what
 * we read has no end before somebody has written.
 */
export function openStreams({ stdin, stdout, stderr }: Streams): StreamChannel {
  // To open a named pipe without waiting takes no time. The descriptors are the sockets' from here on.
  const output = (path: string) => new Socket({ fd: openSync(path, O_RDONLY | O_NONBLOCK), readable: true, writable: false });
  const input = new Socket({ fd: openSync(stdin, O_RDWR | O_NONBLOCK), readable: false, writable: true });
  return new StreamChannel(input, output(stdout), output(stderr));
}

export class StreamChannel implements Channel {
  readonly closed: Promise<void>;
  readonly #stdin: Socket;
  readonly #outputs: readonly (readonly [Stream, Socket])[];
  readonly #broken = new Interruption();
  /** For each output, settles when the sink has taken what was read last: a paused stream may end before that. */
  readonly #taken = new Map<Socket, Promise<void>>();

  constructor(stdin: Socket, stdout: Socket, stderr: Socket) {
    this.#stdin = stdin;
    this.#outputs = [['stdout', stdout], ['stderr', stderr]];
    const ends = [stdout, stderr].map(async (socket) => {
      await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
      await this.#taken.get(socket);
    });
    this.closed = Promise.all(ends).then(() => void stdin.destroy());
    for (const socket of [stdin, stdout, stderr]) socket.on('error', () => socket.destroy());
  }

  write(bytes: Buffer | string): Promise<void> {
    return writeTo(this.#stdin, bytes);
  }

  end(): void {
    this.#stdin.end();
  }

  listen(sink: Sink): void {
    for (const [stream, socket] of this.#outputs) {
      socket.on('data', (chunk: Buffer) => {
        const taken = sink(stream, chunk);
        if (!taken) return;
        socket.pause();
        this.#taken.set(socket, this.#broken.limit(taken).then(() => void socket.resume(), () => this.destroy()));
      });
    }
  }

  destroy(): void {
    this.#broken.happen();
    this.#stdin.destroy();
    for (const [, socket] of this.#outputs) socket.destroy();
  }
}
