/** A fake Docker engine: a real HTTP server on a Unix socket, which behaves as a test tells it to. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../../server/src/base/promises.ts';
import { FakeAgent, goodFacts } from './container.ts';

/** The endpoints that it knows. */
export type Call = 'info' | 'version' | 'images' | 'create' | 'put' | 'attach' | 'start' | 'remove' | 'wait' | 'find' | 'pull' | 'events';

/**
 * What a request is met with instead of the usual answer:
 *
 *   'silence'              the request is read, and nothing is done or answered
 *   'hangUp'               the connection is closed
 *   'late'                 what was asked for is done, and nothing is answered
 *   { status, message }    an error of the engine
 *   { json }               this answer, with status 200
 *   a promise              the usual answer, as soon as the promise resolves
 *   a function             whatever it does with the response
 */
export type Behaviour = 'silence' | 'hangUp' | 'late' | { status: number; message: string } | { json: unknown } | Promise<unknown> | ((response: ServerResponse) => void);

export interface Request {
  readonly call: Call | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}

/** Parsed JSON without a type, because tests look at any part of it. */
export type Json = ReturnType<typeof JSON.parse>;

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly options: Json;
  /** The archives that were put into it, each with the folder in which it was unpacked. */
  readonly archives: { readonly folder: string; readonly content: Buffer }[];
  /** In seconds since the epoch. At first it is the time at which a FakeClock starts. */
  madeAt: number;
  agent: FakeAgent | undefined;
  socket: Socket | undefined;
}

const endpoints: readonly (readonly [Call, RegExp])[] = [
  ['info', /^GET \/info$/],
  ['version', /^GET \/version$/],
  ['images', /^GET \/images\/json$/],
  ['create', /^POST \/containers\/create$/],
  ['put', /^PUT \/containers\/([^/]+)\/archive$/],
  ['attach', /^POST \/containers\/([^/]+)\/attach$/],
  ['start', /^POST \/containers\/([^/]+)\/start$/],
  ['remove', /^DELETE \/containers\/([^/]+)$/],
  ['wait', /^POST \/containers\/([^/]+)\/wait$/],
  ['find', /^GET \/containers\/json$/],
  ['pull', /^POST \/images\/create$/],
  ['events', /^GET \/events$/],
];

export class FakeEngine {
  readonly socketPath: string;
  readonly requests: Request[] = [];
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Set(['image:latest']);
  /** The facts that the agent of each container tells. If undefined, it never says anything; if empty, it ends at once. */
  facts: string | undefined = goodFacts;
  kernel = '6.1.0-host';
  runtimes: Record<string, { path?: string; runtimeType?: string }> = { runc: { path: 'runc' } };
  /** What it tells of its parts. */
  parts: object = {};
  /** What every program in a container prints. */
  output = '';
  /** Whether its containers run on the kernel of this host, so that sockets can be mounted in them. */
  onThisHost = true;
  created = 0;
  removed = 0;
  /** The streams of events that are open. */
  readonly #listeners = new Set<ServerResponse>();
  readonly #folder: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #behaviours = new Map<Call, Behaviour[]>();
  readonly #awaited: { readonly call: Call; readonly resolve: () => void }[] = [];

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await new Promise<void>((resolve) => void engine.#server.listen(engine.socketPath, resolve));
    return engine;
  }

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'fake-engine-'));
    this.socketPath = join(this.#folder, 'docker.sock');
    this.#server = createServer({ keepAliveTimeout: 1 }, (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => void this.#upgrade(request, socket, head));
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#connections.delete(socket));
    });
  }

  /** Meets the next calls of this kind with these behaviours, one after the other. Later ones are answered as usual. */
  on(call: Call, ...behaviours: Behaviour[]): this {
    this.#behaviours.set(call, behaviours);
    return this;
  }

  /** Resolves when the next request to this endpoint has arrived. */
  reached(call: Call): Promise<void> {
    const { promise, resolve } = deferred();
    this.#awaited.push({ call, resolve });
    return promise;
  }

  count(call: Call): number {
    return this.requests.filter((request) => request.call === call).length;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { call, id, behaviour, asked } = this.#arrived(request, Buffer.concat(chunks));
    if (behaviour === 'silence') return;
    if (behaviour === 'hangUp') return void request.socket.destroy();
    if (behaviour instanceof Promise) await behaviour;
    if (typeof behaviour === 'function') return behaviour(response);
    if (call === 'events' && behaviour === undefined) return this.#listen(response);
    const [status, json] =
      behaviour === undefined || behaviour === 'late' || behaviour instanceof Promise
        ? this.#answer(call, id, asked, Buffer.concat(chunks))
        : 'json' in behaviour
          ? [200, behaviour.json]
          : [behaviour.status, { message: behaviour.message }];
    if (behaviour === 'late') return;
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(json === undefined ? '' : `${JSON.stringify(json)}\n`);
  }

  /** Sends an event to everyone who listens for events. */
  emit(event: object): void {
    for (const response of this.#listeners) response.write(`${JSON.stringify(event)}\n`);
  }

  /** Dies as a real engine does that is killed: connections are closed, and the file of the socket stays. */
  async die(): Promise<void> {
    const kept = `${this.socketPath}-kept`;
    renameSync(this.socketPath, kept);
    await this.stop();
    renameSync(kept, this.socketPath);
  }

  /** Stops: connections are closed, and the socket is gone. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  /** Listens again at the same path. */
  async restart(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    await new Promise<void>((resolve) => void this.#server.listen(this.socketPath, resolve));
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  #listen(response: ServerResponse): void {
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
  }

  #arrived(request: IncomingMessage, content: Buffer) {
    const url = new URL(request.url ?? '', 'http://engine');
    const found = endpoints.find(([, pattern]) => pattern.test(`${request.method} ${url.pathname}`));
    const [call, pattern] = found ?? [undefined, /$/];
    const id = pattern.exec(`${request.method} ${url.pathname}`)?.[1] ?? '';
    const isJson = request.headers['content-type']?.includes('json') ?? false;
    const asked: Request = { call, method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: content.length > 0 && isJson ? JSON.parse(content.toString()) : undefined };
    this.requests.push(asked);
    for (const waiting of this.#awaited.filter((each) => each.call === call)) {
      this.#awaited.splice(this.#awaited.indexOf(waiting), 1);
      waiting.resolve();
    }
    return { call, id, asked, behaviour: call && this.#behaviours.get(call)?.shift() };
  }

  #answer(call: Call | undefined, id: string, { query, body }: Request, content: Buffer): [status: number, json?: unknown] {
    switch (call) {
      case 'info':
        return [200, { ServerVersion: '99.0', OSType: 'linux', Architecture: 'x86_64', KernelVersion: this.kernel, DefaultRuntime: 'runc', Runtimes: this.runtimes }];
      case 'version':
        return [200, this.parts];
      case 'images':
        return [200, [...this.images].map((name) => ({ Id: `id of ${name}`, RepoTags: [name] }))];
      case 'create':
        return this.#create(query.get('name') ?? '', body);
      case 'start':
        return this.#start(id);
      case 'put':
        this.#find(id)?.archives.push({ folder: query.get('path') ?? '', content });
        return [200];
      case 'remove':
        return this.#remove(id);
      case 'find':
        return [200, [...this.containers.values()].map((each) => ({ Id: each.id, Labels: each.options.Labels, State: each.socket ? 'running' : 'created', Created: each.madeAt }))];
      case 'pull':
        this.images.add(`${query.get('fromImage')}:${query.get('tag')}`);
        return [200, { status: 'Status: Downloaded' }];
      case 'events':
        return [200, { Action: 'die', timeNano: 9e9 }];
      case 'wait':
        return [200, { StatusCode: 0 }];
      case 'attach':
        return [400, { message: 'the connection must be upgraded' }];
      case undefined:
        return [404, { message: 'page not found' }];
    }
  }

  #create(name: string, options: Json): [number, unknown] {
    const image = /:[^/]*$/.test(options.Image) ? options.Image : `${options.Image}:latest`;
    if (!this.images.has(image)) return [404, { message: `No such image: ${image}` }];
    const id = `${(this.created += 1)}`.padStart(64, 'c');
    this.containers.set(id, { id, name, options, archives: [], madeAt: Date.UTC(2030, 0, 1) / 1000, agent: undefined, socket: undefined });
    return [201, { Id: id, Warnings: [] }];
  }

  #start(id: string): [number, unknown?] {
    const container = this.#find(id);
    if (!container) return [404, { message: `No such container: ${id}` }];
    const { socket, options } = container;
    const { facts, output, onThisHost: reachesSockets } = this;
    if (facts === '') socket?.end();
    else if (facts !== undefined && socket) container.agent = new FakeAgent(socket, { facts, output, reachesSockets, args: options.Cmd, mounts: options.HostConfig.Mounts });
    return [204];
  }

  #remove(id: string): [number, unknown?] {
    const container = this.#find(id);
    if (!container) return [404, { message: `No such container: ${id}` }];
    this.containers.delete(container.id);
    this.removed += 1;
    container.agent?.end();
    container.socket?.destroy();
    return [204];
  }

  #find(id: string): FakeContainer | undefined {
    return [...this.containers.values()].find((each) => each.id === id || each.name === id);
  }

  /** The connection becomes the streams of a process. The body of the request is not part of them. */
  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    let bytes = head;
    while (bytes.length < Number(request.headers['content-length'] ?? 0)) {
      bytes = Buffer.concat([bytes, await new Promise<Buffer>((resolve) => socket.once('data', resolve))]);
    }
    socket.pause();
    const { call, id, behaviour } = this.#arrived(request, bytes);
    if (behaviour === 'silence' || behaviour === 'late') return void socket.on('end', () => socket.end()).resume();
    if (behaviour === 'hangUp') return void socket.destroy();
    if (behaviour instanceof Promise) await behaviour;
    else if (behaviour !== undefined && typeof behaviour === 'object' && 'status' in behaviour) {
      const text = JSON.stringify({ message: behaviour.message });
      return void socket.end(`HTTP/1.1 ${behaviour.status} x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    }
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    const container = this.#find(id);
    if (call === 'attach' && container) container.socket = socket;
    // The end of the container's stdin ends its first process, and a container whose first process has ended is closed.
    socket.on('end', () => socket.end()).resume();
  }
}
