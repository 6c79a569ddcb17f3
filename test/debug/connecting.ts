/** Debuggers that connect, in a whole daemon, whose runtime and debuggers are fakes. */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import type { Config, LanguageId } from '../../server/src/protocol/index.ts';
import type { Program, Sink, Toolchain } from '../../server/src/runtime/ports.ts';
import { FakeAdapter } from '../fakes/adapter.ts';
import { duplexPair } from '../fakes/duplex.ts';
import type { FakeSandbox, OtherProcess } from '../fakes/runtime.ts';
import { type TestDaemon, withDaemon } from '../serving/daemon.ts';
import { frame, type Json } from '../wire/wire.ts';

export class Debugging {
  readonly daemon: TestDaemon;
  /** What was started as a debugger. */
  readonly children: FakeAdapter[];
  readonly sessionId: string;
  /** That of the session. */
  readonly sandbox: FakeSandbox;
  connection!: Duplex;
  readonly heard: Json[] = [];
  #buffer = Buffer.alloc(0);
  #seq = 0;

  constructor(daemon: TestDaemon, children: FakeAdapter[], sessionId: string) {
    this.daemon = daemon;
    this.children = children;
    this.sessionId = sessionId;
    this.sandbox = daemon.sandbox;
  }

  get child(): FakeAdapter {
    return this.children.at(-1) ?? expect.fail('no debugger was started');
  }

  get told(): Json[] {
    return this.daemon.received('debug/message').map(({ message }) => message);
  }

  get ended(): Json[] {
    return this.daemon.received('debug/ended');
  }

  /** Names of events, with what matters in them. */
  get events(): unknown[] {
    return this.told.filter(({ type }) => type === 'event').map(({ event, body }) => [event, body?.output ?? body?.exitCode]);
  }

  start(params: object = {}): Promise<Json> {
    return this.daemon.result('debug/start', { sessionId: this.sessionId, code: 'text', debugId: 'd', ...params });
  }

  /** The debugger connects, and answers every request. */
  connect(): void {
    const [inner, outer] = duplexPair();
    this.connection = inner;
    inner.on('error', () => undefined);
    inner.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      for (let match = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1')); match; match = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1'))) {
        const end = match[0].length + Number(match[1]);
        if (this.#buffer.length < end) return;
        const request = JSON.parse(this.#buffer.toString('utf8', match[0].length, end));
        this.#buffer = this.#buffer.subarray(end);
        this.heard.push(request);
        inner.write(frame({ seq: 1, type: 'response', request_seq: request.seq, command: request.command, success: true, body: {} }));
      }
    });
    this.sandbox.accept?.(outer);
  }

  /** The client, which was told that it is over, disconnects. Resolves with what it was then told. */
  async left(): Promise<Json[]> {
    expect(await this.ask('disconnect')).to.include({ success: true });
    return this.ended;
  }

  async ask(command: string, args: object = {}): Promise<Json> {
    const seq = ++this.#seq;
    this.daemon.wire.send({ jsonrpc: '2.0', method: 'debug/message', params: { debugId: 'd', message: { seq, type: 'request', command, arguments: args } } });
    await this.daemon.settle();
    await this.daemon.settle();
    return this.told.find(({ request_seq: to }) => to === seq);
  }
}

/** `phases`: how the fake compiles. */
export async function debugging(language: LanguageId, phases: Toolchain['phases'] | undefined, test: (debugging: Debugging) => Promise<void>, session: object = {}, config: Config = {}): Promise<void> {
  const children: FakeAdapter[] = [];
  const running = (program: Program, sink: Sink): OtherProcess | undefined => {
    const words = typeof program.command === 'string' ? [] : program.command;
    const looking = words[1] === 'version' || words[1] === '-e';
    if (!looking && words[1] !== 'dap' && !words.some((word) => word.endsWith('/ruby-debug.rb'))) return undefined;
    const child = new FakeAdapter(program, sink, () => undefined);
    if (!looking) children.push(child);
    else void Promise.resolve(child.raw(words[1] === 'version' ? 'Version: 1.20.2\n' : 'debug 1.4.0 3.1.2\n')).then(() => child.exit());
    return child;
  };
  await withDaemon({ running, connections: true, config, languages: [language], ...(phases ? { phases } : {}) }, async (daemon) => {
    await daemon.initialize({ capabilities: { debug: { adapter: true } } });
    await test(new Debugging(daemon, children, await daemon.session({ language, ...session })));
  });
}
