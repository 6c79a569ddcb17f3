/**
 * The world outside of a daemon under test. Names have the addresses that a test gives them. Public addresses are servers
 * of the test; every other address is really dialled, so that a hole is a hole.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Ways } from '../../server/src/network/dial.ts';
import { systemWays } from '../../server/src/network/ways.ts';

export class Outside implements Ways {
  readonly resolved = new Set<string>();
  readonly dialled = new Set<string>();
  /** What arrived at services of this machine that no program may reach. */
  readonly leaked: string[] = [];
  readonly #real = systemWays({});
  readonly #closings: (() => void)[] = [];
  /** Name → its public address, and the port of this machine where that is served. */
  readonly #places = new Map<string, { readonly address: string; readonly port: number }>();
  #site = 0;
  #echo = 0;
  #turn = 0;
  /** A port on every address of this machine, for TCP; with UDP beside it. */
  secret = 0;
  udp = 0;

  static async open(): Promise<Outside> {
    const outside = new Outside();
    outside.#site = await outside.#listen(createServer((request, response) => {
      if (request.url?.startsWith('/redirect-to/')) return void response.writeHead(302, { Location: decodeURIComponent(request.url.slice('/redirect-to/'.length)) }).end();
      response.end(`site ${request.headers.host} ${request.url}`);
    }), '127.0.0.1');
    outside.#echo = await outside.#listen(createTcpServer((socket) => socket.on('error', () => undefined).pipe(socket)), '127.0.0.1');
    outside.secret = await outside.#listen(createServer((request, response) => {
      outside.leaked.push(`${request.method} ${request.url} ${request.headers.host}`);
      response.end('the secret of the host');
    }).on('connection', (socket) => outside.leaked.push(`a connection from ${socket.remoteAddress}`)), '::');
    const udp = createSocket({ type: 'udp6', ipv6Only: false }, (message) => void outside.leaked.push(`a datagram: ${message.toString('latin1')}`));
    udp.bind(0);
    await once(udp, 'listening');
    outside.udp = udp.address().port;
    outside.#closings.push(() => udp.close());
    return outside;
  }

  /** Has this name lead to this public address, and all ports there to one of this machine. */
  place(name: string, address: string, port: number): void {
    this.#places.set(name, { address, port });
  }

  /** The addresses of this machine that others can reach. */
  get addresses(): string[] {
    return Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ internal }) => !internal).map(({ address }) => address.replace(/%.*$/, '')));
  }

  async resolve(name: string): Promise<readonly string[]> {
    this.resolved.add(name);
    // Every second time it is an address of this machine.
    if (name === 'rebind.example') return this.#turn++ % 2 === 0 ? ['93.184.216.34'] : ['127.0.0.1'];
    const names: Readonly<Record<string, readonly string[]>> = {
      'example.com': ['93.184.216.34'], 'mixed.example': ['127.0.0.1', '::1', '93.184.216.34'], 'inner.example': ['127.0.0.1'], 'mapped.example': ['::ffff:127.0.0.1'], 'localhost': ['127.0.0.1', '::1'],
    };
    const place = this.#places.get(name);
    const addresses = place ? [place.address] : names[name];
    if (!addresses) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
    return addresses;
  }

  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
    this.dialled.add(`${address} ${port}`);
    const place = [...this.#places.values()].find((each) => each.address === address);
    if (place) return this.#real.connect('127.0.0.1', place.port, signal);
    if (address !== '93.184.216.34') return this.#real.connect(address, port, signal);
    return this.#real.connect('127.0.0.1', port === 443 ? this.#echo : this.#site, signal);
  }

  upstream(): undefined {
    return undefined;
  }

  own(): readonly string[] {
    return this.#real.own();
  }

  forget(): void {
    this.resolved.clear();
    this.dialled.clear();
    this.leaked.length = 0;
  }

  close(): void {
    for (const close of this.#closings) close();
  }

  async #listen(server: Server | ReturnType<typeof createTcpServer>, host: string): Promise<number> {
    server.listen(0, host);
    await once(server, 'listening');
    this.#closings.push(() => {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
    return (server.address() as AddressInfo).port;
  }
}

/** Whether a server that is thought to be reachable is: the test would prove nothing otherwise. */
export async function answers(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address);
  return new Promise((resolve) => {
    socket.on('error', () => resolve(false)).on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
