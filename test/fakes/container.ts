/** A fake of a container's first process: it speaks as the agent does, over its own streams or over a socket that is mounted for it. */
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { KEY_BYTES, SealedEnd } from '../../server/src/runtime/agent/seal.ts';
import { frame, FrameReader, Origin, PROTOCOL_VERSION, Type, Writer } from '../../server/src/runtime/agent/frames.ts';

/** The facts that the agent of a healthy container tells. */
export const goodFacts = `pid 1
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / overlay ro 0 0
mount /tmp tmpfs rw,size=24576k 0 0
mount /workspace tmpfs rw,size=32768k 0 0
mount /dev/shm tmpfs rw,size=8192k 0 0
writable /tmp
writable /workspace
writable /dev/shm
net lo:
cgroup memory.max 67108864
cgroup pids.max 64
cgroup cpu.max 100000 100000
landlock 7
first
closed
private
`;

/** The bytes in one of Docker's frames, which is how the output of a container comes over the connection to its streams. */
export function dockerFrame(stream: 'stdout' | 'stderr', content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

interface Mount {
  readonly Source: string;
  readonly Target: string;
}

export interface FakeAgentOptions {
  readonly facts: string;
  /** What every program prints. */
  readonly output: string;
  /** Whether it can connect to a socket of the host, as it can if it runs on the same kernel. */
  readonly reachesSockets: boolean;
  /** The arguments that the container gives it, and the mounts of the container. */
  readonly args: readonly string[];
  readonly mounts: readonly Mount[];
}

/** Starts programs that have ended with status 0 at once, or, where their stdin is open, when that ends. Keeps no files. */
export class FakeAgent {
  readonly #streams: Duplex;
  readonly #options: FakeAgentOptions;
  readonly #writing = new Set<number>();
  readonly #running = new Set<number>();
  #send: (bytes: Buffer) => void;
  #socket: Socket | undefined;

  /** `streams` is the engine's connection to the streams of the container. */
  constructor(streams: Duplex, options: FakeAgentOptions) {
    this.#streams = streams;
    this.#options = options;
    this.#send = (bytes) => void (streams.writable && streams.write(dockerFrame('stdout', bytes)));
    streams.on('end', () => this.end()).on('close', () => this.end());
    this.#socket = this.#connect();
    const reader = new FrameReader({ frame: (type, channel, payload) => this.#take(type, channel, payload), output: () => undefined });
    if (options.args.includes('--sealed')) {
      this.#seal(reader);
      return;
    }
    (this.#socket ?? streams).on('data', (chunk: Buffer) => reader.feed(chunk));
    streams.resume();
    this.#greet();
  }

  #greet(): void {
    const { facts } = this.#options;
    this.#say(Type.hello, 0, Buffer.concat([new Writer().u32(PROTOCOL_VERSION).bytes, Buffer.from(facts)]));
  }

  /** Begins when it has got the key, which comes over its stdin also if the frames do not. */
  #seal(reader: FrameReader): void {
    const write = this.#send;
    let start = Buffer.alloc(0);
    let end: SealedEnd | undefined;
    const open = (chunk: Buffer) => void end?.open(chunk, (each) => reader.feed(each));
    this.#socket?.on('data', open);
    this.#streams.on('data', (chunk: Buffer) => {
      if (end) return open(chunk);
      start = Buffer.concat([start, chunk]);
      if (start.length < KEY_BYTES) return;
      const made = (end = new SealedEnd(start.subarray(0, KEY_BYTES), 'agent'));
      this.#send = (bytes) => write(made.seal(bytes));
      this.#greet();
      open(start.subarray(KEY_BYTES));
    }).resume();
  }

  /** Ends it: what it speaks over is closed. */
  end(): void {
    this.#streams.end();
    this.#socket?.destroy();
  }

  /** The connection to the socket that its arguments name, at the place from which that is mounted. */
  #connect(): Socket | undefined {
    const { args, mounts, reachesSockets } = this.#options;
    const path = args[args.indexOf('--socket') + 1];
    if (!args.includes('--socket') || path === undefined || !reachesSockets) return undefined;
    const mount = mounts.find(({ Target }) => path.startsWith(`${Target}/`));
    if (!mount) throw new Error(`the container has no mount for ${path}`);
    const socket = connect(path.replace(mount.Target, mount.Source));
    this.#send = (bytes) => void (socket.writable && socket.write(bytes));
    return socket.on('error', () => undefined).on('close', () => this.#streams.end());
  }

  #say(type: number, channel: number, payload?: Buffer): void {
    this.#send(frame(type, channel, payload));
  }

  #take(type: number, channel: number, payload: Buffer): void {
    if (type === Type.start) this.#start(channel, payload);
    else if (type === Type.end) this.#inputEnded(channel);
    else if (type === Type.write) this.#writing.add(channel);
    else if (type === Type.status) this.#answer(channel, this.#status());
    else if (type === Type.facts) this.#answer(channel, Buffer.from(this.#options.facts));
    else if (type === Type.find) this.#answer(channel, Buffer.alloc(payload.length));
    else if (type >= Type.makeDirectory && type <= Type.list) this.#answer(channel, Buffer.from([0]));
  }

  #answer(channel: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#say(Type.done, channel, Buffer.concat([Buffer.alloc(4), payload]));
  }

  #start(channel: number, payload: Buffer): void {
    this.#say(Type.started, channel, new Writer().u32(2).bytes);
    const { output } = this.#options;
    if (output) this.#say(Type.output, channel, Buffer.concat([Buffer.from([Origin.stdout]), Buffer.from(output)]));
    this.#running.add(channel);
    if ((payload[0] ?? 0) === 0) this.#exit(channel);
  }

  #inputEnded(channel: number): void {
    if (this.#writing.delete(channel)) this.#answer(channel);
    else if (this.#running.has(channel)) this.#exit(channel);
  }

  #exit(channel: number): void {
    this.#running.delete(channel);
    this.#say(Type.exit, channel, Buffer.alloc(22));
    this.#say(Type.gone, channel);
  }

  /** What is mounted at /workspace. */
  #status(): Buffer {
    const source = this.#options.mounts.find(({ Target }) => Target === '/workspace')?.Source;
    const { dev, ino } = source === undefined ? { dev: 0n, ino: 0n } : statSync(source, { bigint: true });
    return new Writer().u64(Number(dev)).u64(Number(ino)).u32(0).bytes;
  }
}
