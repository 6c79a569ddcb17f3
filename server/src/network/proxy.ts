/** The proxy of one session: it takes the connections that programs make, finds out what they speak, and keeps them within their bounds. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Address } from './address.ts';
import type { BoundHosts } from './bound.ts';
import { dial, type Ways } from './dial.ts';
import type { Egress } from './egress.ts';
import type { Target } from './hosts.ts';
import { HttpSide } from './http.ts';
import { join } from './join.ts';
import type { Line } from './line.ts';
import { oneAtATime, type Resolve } from './lookups.ts';
import { Pace, PacedStream } from './pace.ts';
import { notAllowed, Refusal } from './refusal.ts';
import { serveSocks, SOCKS_VERSION } from './socks.ts';

export interface NetworkBounds {
  /** How many connections a session has at once. One more is closed at once. */
  readonly connections: number;
  /** How many bytes a session moves in both directions together. */
  readonly bytes: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
}

/** A program has so long to say what it wants. */
export const ASK_MS = 30_000;

/** What the bytes of a session count to, besides its own bound. */
export interface Meter {
  /** Counts bytes that want to move, and returns how many of them may. */
  move(bytes: number): number;
  /** Why nothing more may move. undefined: it may. */
  spent(): string | undefined;
}

export interface ProxyParts {
  readonly egress: Egress;
  readonly ways: Ways;
  readonly clock: Clock;
  readonly bounds: NetworkBounds;
  readonly meter: Meter;
  /** Hosts that get a header; undefined: there are none, and nobody looks into any connection. */
  readonly bound?: BoundHosts | undefined;
  /** Called when a program was kept from a place. */
  refused(target: Target, why: Refusal): void;
}

interface Reached {
  readonly target: Target;
  /** The address that was dialled. undefined: a proxy of this machine chooses it. */
  readonly address: Address | undefined;
}

/** A connection of a program. */
interface Open {
  /** Cuts it off. */
  cut(): void;
  /** The connections that lead on from it, each with the place to which it leads. */
  readonly routes: ReadonlyMap<Duplex, Reached>;
}

export class Proxy {
  readonly #parts: ProxyParts;
  readonly #http = new HttpSide();
  readonly #pace = new Pace();
  readonly #open = new Set<Open>();
  readonly #closing = new AbortController();
  readonly #resolve: Resolve;
  #bytes = 0;

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#resolve = oneAtATime((name) => parts.ways.resolve(name), this.#closing.signal);
  }

  /** Serves a connection of a program. Never throws. */
  accept(stream: Duplex): void {
    stream.on('error', () => undefined);
    if (stream.closed || this.#open.size >= this.#parts.bounds.connections) return void stream.destroy();
    const line = this.#lineOf(stream);
    beginning(stream, (first) => this.#pace.run(stream, () => {
      if (first[0] === SOCKS_VERSION) void serveSocks(stream, line);
      // It asks for one place only, and its bytes are not looked at.
      else if (isConnect(first)) this.#http.serve(stream, line);
      else this.#http.serve(new PacedStream(stream, this.#pace), line);
    }));
  }

  /** Cuts all connections off. */
  close(): void {
    this.#closing.abort(new Error('the session is over'));
    for (const { cut } of this.#open) cut();
  }

  /** Cuts those connections off that lead to a place that is no longer allowed. */
  recheck(): void {
    const { egress } = this.#parts;
    for (const { cut, routes } of this.#open) {
      if ([...routes.values()].some(({ target, address }) => !egress.stillAllows(target, address))) cut();
    }
  }

  #lineOf(stream: Duplex): Line {
    const { clock, meter } = this.#parts;
    const over = new AbortController();
    /** What the program has, and what leads on from there. It is over when all of it is closed, which may be later than the program's end. */
    const held = new Set<Duplex>();
    const routes = new Map<Duplex, Reached>();
    const cut = () => {
      for (const each of held) each.destroy();
    };
    const open: Open = { cut, routes };
    const hold = (each: Duplex) => {
      if (each.closed) return;
      held.add(each);
      each.once('close', () => {
        held.delete(each);
        routes.delete(each);
        if (held.size > 0) return;
        this.#open.delete(open);
        cancelIdle();
      });
    };
    this.#open.add(open);
    let lastMoved = clock.monotonic();
    const watchIdle = (): (() => void) => clock.after(lastMoved + this.#parts.bounds.idleTimeoutMs - clock.monotonic(), () => {
      if (clock.monotonic() - lastMoved >= this.#parts.bounds.idleTimeoutMs) cut();
      else cancelIdle = watchIdle();
    });
    let cancelIdle = watchIdle();
    let cancelAsk = clock.after(ASK_MS, cut);
    hold(stream);
    stream.once('close', () => {
      cancelAsk();
      over.abort(new Refusal('unreachable', 'the program ended its connection'));
    });
    const line: Line = {
      reach: async (target, purpose) => {
        const route = await this.#reach(target, purpose, over.signal);
        hold(route.connection);
        routes.set(route.connection, { target, address: route.address });
        return route;
      },
      carry: async (program, connection, target) => {
        const bound = this.#parts.bound?.serve(program, connection, target);
        if (!bound) return join(program, connection, line.moved);
        const closed = new Promise<void>((resolve) => void program.once('close', resolve));
        this.#http.serve(new PacedStream(bound.program, this.#pace), line, (asked, answer) => bound.forward(asked, answer, line));
        line.listening();
        return closed;
      },
      moved: (count) => {
        lastMoved = clock.monotonic();
        const allowed = meter.move(Math.min(count, Math.max(0, this.#parts.bounds.bytes - this.#bytes)));
        this.#bytes += allowed;
        return allowed;
      },
      asked: () => cancelAsk(),
      listening: () => {
        cancelAsk();
        if (!stream.destroyed) cancelAsk = clock.after(ASK_MS, cut);
      },
    };
    return line;
  }

  async #reach(target: Target, purpose: Parameters<Line['reach']>[1], signal: AbortSignal) {
    const { egress, ways, clock, bounds: { bytes }, meter, refused } = this.#parts;
    const spent = this.#bytes >= bytes ? `this session has moved ${bytes} bytes, which is the most that it may (network.bytes of the configuration)` : meter.spent();
    if (spent !== undefined) throw new Refusal('exhausted', spent);
    try {
      if (purpose === 'http' && this.#parts.bound?.names(target)) throw notAllowed(target, 'a secret of this session is bound to that host, which is reached with https:// alone');
      const permit = await egress.admit(target, signal);
      const route = await dial({ target, purpose, permit, resolve: this.#resolve, ways, clock, signal });
      // Meanwhile the program may have ended its connection, or the configuration may have been read again.
      const allowed = egress.stillAllows(target, route.address);
      if (!signal.aborted && allowed) return route;
      route.connection.destroy();
      throw signal.aborted ? signal.reason : notAllowed(target, 'the configuration does not allow that host');
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 403) refused(target, fault);
      throw fault;
    }
  }
}

const CONNECT = Buffer.from('CONNECT');

/** Of less than the whole word: whether it may be that. */
function isConnect(bytes: Buffer): boolean {
  const { length } = bytes.subarray(0, CONNECT.length);
  return bytes.compare(CONNECT, 0, length, 0, length) === 0;
}

/** Looks at the first bytes and leaves them in the stream. `found` is never called where the stream ends before. */
function beginning(stream: Duplex, found: (bytes: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  const end = () => void stream.end();
  const look = () => {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    if (isConnect(bytes) && bytes.length < CONNECT.length) return;
    stream.off('readable', look).off('end', end);
    stream.unshift(bytes);
    found(bytes);
  };
  stream.on('readable', look).on('end', end);
}
