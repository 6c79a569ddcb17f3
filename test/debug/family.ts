/** A debugger of Python with the processes of its program, as a client sees it: only the adapter is a fake, on every connection that is made to it. */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import { deferred, nextLoopIteration } from '../../server/src/base/promises.ts';
import type { LaunchRequest } from '../../server/src/debug/adapter.ts';
import { AdapterProcess } from '../../server/src/debug/adapter-process.ts';
import { python } from '../../server/src/debug/adapters/python.ts';
import { Family } from '../../server/src/debug/children/family.ts';
import { Exchange, type ExchangeParts } from '../../server/src/debug/exchange.ts';
import { PathMap } from '../../server/src/debug/paths.ts';
import { type Behaviour, FakeAdapter } from '../fakes/adapter.ts';
import { FakeClock } from '../fakes/clock.ts';
import { duplexPair } from '../fakes/duplex.ts';
import type { Json } from '../wire/wire.ts';
import { DapClient } from './dap-client.ts';

const PORT = 4711;
const launch: LaunchRequest = { program: '/workspace/main.py', args: [], cwd: '/workspace', env: {}, stopOnEntry: false, justMyCode: true, terminal: false, interpreter: 'python3', options: [] };
const command = { command: ['-m'], cwd: '/', env: {}, stdin: 'open', pty: undefined } as const;

/** Answers as debugpy does: that to `attach` comes when all is configured. */
export const debugpy: Behaviour = (adapter, message) => {
  const { type, command: name, arguments: args } = message;
  if (type !== 'request' || name === 'attach' || name === 'launch') return void (type === 'request' && adapter.event('initialized'));
  if (name === 'threads') return adapter.answer(message, { threads: [{ id: 1, name: 'MainThread' }] });
  if (name.startsWith('set') && args.breakpoints) return adapter.answer(message, { breakpoints: args.breakpoints.map((_: unknown, id: number) => ({ id, verified: true })) });
  adapter.answer(message, name === 'continue' ? { allThreadsContinued: true } : {});
};

export class Processes {
  readonly clock = new FakeClock();
  readonly halted = new AbortController();
  readonly client: DapClient;
  /** Sends what the client sends, unchecked. */
  readonly say: (message: Json) => void;
  /** That of the program. */
  readonly program: FakeAdapter;
  /** Those of the other processes, in the order in which they were connected to. */
  readonly children: FakeAdapter[] = [];
  /** The ends of the adapter of their connections. */
  readonly connections: Duplex[] = [];
  readonly ports: number[] = [];
  /** Whether nothing can be connected to. */
  deaf = false;
  /** Whether what is connected to answers nothing. */
  silent = false;
  /** What was counted as printed by the program. */
  printed = '';
  #pid = 100;
  /** Resolves when the client takes more. */
  #room = deferred();

  /** Each of the adapters behaves so. */
  constructor(behave: Behaviour = debugpy) {
    this.#room.resolve();
    const exchange = (own: Pick<ExchangeParts, 'toAdapter' | 'printed' | 'over'>) => new Exchange({
      ...own,
      paths: new PathMap([{ client: '/home/me', sandbox: '/workspace' }]),
      capabilities: python.capabilities,
      launch: python.launch(launch),
      printed: (text) => {
        this.printed += text;
        return true;
      },
      toClient: async (message) => {
        this.client.receive(JSON.parse(JSON.stringify(message)));
        await this.#room.promise;
      },
      read: async () => undefined,
    });
    const process = new AdapterProcess({
      clock: this.clock,
      exchange,
      mend: (sides) => new Family(sides, { clock: this.clock, halted: this.halted.signal, connect: (port) => this.#connect(port, behave), wish: (event) => python.child?.(event, launch) }),
    });
    this.say = (message) => process.exchange.fromClient(message);
    this.client = new DapClient(this.say);
    this.program = new FakeAdapter(command, process.sink(() => undefined, () => true), behave);
    process.attach(this.program);
  }

  /** The client takes nothing more. */
  hold(): void {
    this.#room = deferred();
  }

  /** The client takes everything again. */
  goOn(): void {
    this.#room.resolve();
  }

  /** Nobody waits for anything any more. */
  leave(): void {
    this.client.leave();
    for (const connection of this.connections) connection.destroy();
  }

  async #connect(port: number, behave: Behaviour): Promise<Duplex> {
    this.ports.push(port);
    if (this.deaf) throw new Error('nothing listens there');
    const [ours, theirs] = duplexPair();
    const adapter = new FakeAdapter(command, (_, chunk) => void theirs.write(chunk), this.silent ? () => undefined : behave);
    theirs.on('data', (chunk: Buffer) => void adapter.write(chunk)).on('error', () => undefined);
    this.children.push(adapter);
    this.connections.push(theirs);
    return ours;
  }

  /** Resolves when everything that was said has arrived. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await nextLoopIteration();
  }

  /** The program begins, with a breakpoint in a file. */
  async begin(): Promise<void> {
    const { client } = this;
    await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, supportsRunInTerminalRequest: true });
    // Nobody may wait for it.
    client.response('launch').catch(() => undefined);
    await client.ask('setBreakpoints', { source: { path: '/home/me/work.py' }, breakpoints: [{ line: 3 }] });
    await client.ask('setExceptionBreakpoints', { filters: ['uncaught'] });
    await client.ask('configurationDone');
    await this.program.event('thread', { reason: 'started', threadId: 1 });
  }

  /** A process tells of another one that it has started. Resolves when that is debugged, with its adapter. */
  async start(by: FakeAdapter = this.program, body: Json = {}): Promise<FakeAdapter> {
    await by.event('debugpyAttach', { connect: { host: '127.0.0.1', port: PORT }, subProcessId: ++this.#pid, request: 'attach', program: '/etc/passwd', ...body });
    await this.settle();
    return this.children.at(-1) ?? expect.fail('nothing was connected to');
  }

  /** A process tells something. Resolves with what the client got for it. */
  async tell(adapter: FakeAdapter, event: string, body: Json = {}): Promise<Json[]> {
    const before = this.client.received.length;
    await adapter.event(event, body);
    await this.settle();
    return this.client.received.slice(before).map(({ type, event: name, ...message }) => ({ [name ?? type]: message.body }));
  }

  /** What a process has heard, by the commands. */
  heard(adapter: FakeAdapter): string[] {
    return adapter.heard.map(({ command: name, type }) => (type === 'response' ? `the answer to ${name}` : name));
  }
}
