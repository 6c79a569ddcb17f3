/** A proxy of a session in memory, programs that talk to it, and hosts behind it. */
import { createServer, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { BoundHosts } from '../../server/src/network/bound.ts';
import type { Egress } from '../../server/src/network/egress.ts';
import { formatTarget } from '../../server/src/network/hosts.ts';
import { type NetworkBounds, Proxy } from '../../server/src/network/proxy.ts';
import { defaultNetworkBounds } from '../../server/src/policy/defaults.ts';
import { FakeClock } from '../fakes/clock.ts';
import { duplexPair } from '../fakes/duplex.ts';
import { egress, FakeWays, type FakeWaysOptions } from './place.ts';

export interface StageOptions extends FakeWaysOptions {
  readonly egress?: Egress;
  readonly bounds?: Partial<NetworkBounds>;
  readonly bound?: BoundHosts;
}

export class Stage {
  readonly clock = new FakeClock();
  readonly ways: FakeWays;
  readonly proxy: Proxy;
  readonly refused: string[] = [];

  constructor({ egress: allowed = egress({ mode: 'full' }), bounds: some = {}, bound, ...ways }: StageOptions = {}) {
    this.ways = new FakeWays({ names: { 'example.com': ['93.184.216.34'], 'other.example': ['93.184.216.35'], 'inner.example': ['10.0.0.1'] }, ...ways });
    this.proxy = new Proxy({ egress: allowed, ways: this.ways, clock: this.clock, bound, bounds: { ...defaultNetworkBounds, ...some }, meter: { move: (bytes) => bytes, spent: () => undefined }, refused: (target) => this.refused.push(formatTarget(target)) });
  }

  /** A program connects. */
  connect(): Client {
    const [program, stream] = duplexPair();
    this.proxy.accept(stream);
    return new Client(program, stream);
  }
}

/** What a program sends and hears on one connection. */
export class Client {
  readonly stream: Duplex;
  /** The side of the connection that the proxy has. */
  readonly far: Duplex;
  #heard = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(stream: Duplex, far: Duplex) {
    this.stream = stream;
    this.far = far;
    const wake = () => this.#wake?.();
    stream.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
      wake();
    });
    stream.on('error', wake).on('end', wake).on('close', wake);
  }

  send(data: string | Buffer): void {
    this.stream.write(data);
  }

  /** Everything that was heard, when it matches. Whatever does not come makes the test time out. */
  async hears(expected: RegExp): Promise<string> {
    while (!expected.test(this.heard)) {
      if (this.over) throw new Error(`the connection ended after ${JSON.stringify(this.heard)}`);
      await this.#more();
    }
    return this.heard;
  }

  /** Everything that was heard up to the end. */
  async all(): Promise<string> {
    while (!this.over) await this.#more();
    return this.heard;
  }

  get heard(): string {
    return this.#heard.toString('latin1');
  }

  get over(): boolean {
    return this.stream.readableEnded || this.stream.destroyed;
  }

  forget(): void {
    this.#heard = Buffer.alloc(0);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A host that answers requests of HTTP. */
export function httpHost(answer: RequestListener): (far: Duplex) => void {
  const server = createServer(answer);
  return (far) => void server.emit('connection', far);
}

/** A host that sends back what it gets. */
export function echo(far: Duplex): void {
  far.pipe(far);
}
