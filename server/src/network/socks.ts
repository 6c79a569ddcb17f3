/** The SOCKS5 side of the proxy (RFC 1928): CONNECT to names and addresses, without a password. No UDP, and nobody listens for a program. */
import type { Duplex } from 'node:stream';
import { parseTarget, type Target } from './hosts.ts';
import type { Line } from './line.ts';
import { asRefusal } from './refusal.ts';

/** The first byte of everything that a client says. */
export const SOCKS_VERSION = 5;
const NO_METHOD = 0xff;
const CONNECT = 1;
const replies = { granted: 0, failed: 1, noSuchCommand: 7, noSuchAddress: 8 } as const;

/** Serves SOCKS5 on the stream. Resolves when it is over; never rejects. */
export async function serveSocks(stream: Duplex, line: Line): Promise<void> {
  stream.on('error', () => undefined);
  const bytes = new Reader(stream);
  try {
    const [version, count = 0] = await bytes.take(2);
    const methods = await bytes.take(count);
    if (version !== SOCKS_VERSION || !methods.includes(0)) return void stream.end(Buffer.from([SOCKS_VERSION, NO_METHOD]));
    stream.write(Buffer.from([SOCKS_VERSION, 0]));
    const [again, command, , kind = 0] = await bytes.take(4);
    if (again !== SOCKS_VERSION) return void stream.destroy();
    if (command !== CONNECT) return reply(stream, replies.noSuchCommand);
    const target = await readTarget(bytes, kind);
    if (target === 'unknown kind') return reply(stream, replies.noSuchAddress);
    line.asked();
    if (!target) return reply(stream, replies.failed);
    const { connection } = await line.reach(target, 'bytes');
    bytes.release();
    stream.write(answerOf(replies.granted));
    await line.carry(stream, connection, target);
  } catch (fault) {
    reply(stream, asRefusal(fault).socks);
  }
}

async function readTarget(bytes: Reader, kind: number): Promise<Target | undefined | 'unknown kind'> {
  let host: string;
  if (kind === 1) host = [...(await bytes.take(4))].join('.');
  else if (kind === 3) host = (await bytes.take((await bytes.take(1))[0] ?? 0)).toString('utf8');
  else if (kind === 4) host = (await bytes.take(16)).toString('hex').replace(/(.{4})(?!$)/g, '$1:');
  else return 'unknown kind';
  return parseTarget(host, (await bytes.take(2)).readUInt16BE());
}

function reply(stream: Duplex, code: number): void {
  if (!stream.writable) return void stream.destroy();
  stream.end(answerOf(code));
  stream.resume();
}

/** The address that was connected to is nobody's business, and is told as 0.0.0.0:0. */
function answerOf(code: number): Buffer {
  return Buffer.from([SOCKS_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

/** Takes exact numbers of bytes from a stream; what it has not taken stays in the stream. */
class Reader {
  readonly #stream: Duplex;
  #wake: (() => void) | undefined;
  readonly #listener = () => this.#wake?.();

  constructor(stream: Duplex) {
    this.#stream = stream;
    for (const event of ['readable', 'end', 'close', 'error']) stream.on(event, this.#listener);
  }

  /** Rejects if the stream ends before. */
  async take(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const taken = this.#stream.read(count) as Buffer | null;
      if (taken?.length === count) return taken;
      if (taken || this.#stream.readableEnded || this.#stream.destroyed) throw new Error('the stream has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  release(): void {
    for (const event of ['readable', 'end', 'close', 'error']) this.#stream.off(event, this.#listener);
  }
}
