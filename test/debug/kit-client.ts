/** The client of the peer's test kit on `codebeaker dap`. All that it sends and gets is checked. */
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { daemonEnvironment } from '../e2e/environment.ts';
import { daemonPath } from '../e2e/raw-client.ts';
import { DapConversation } from './dap-conversation.ts';
import { dapFrames } from './dap-frames.ts';

const PATIENCE_MS = 30_000;

export class KitClient extends DebugClient {
  readonly conversation = new DapConversation();
  /** What the last event said that told of a stop. */
  stopped: Partial<DebugProtocol.StoppedEvent['body']> = {};
  /** What was received that names a file of the sandbox, but for values of the program and what it prints itself. */
  readonly inner: unknown[] = [];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  /** It has ended, and all that it wrote has arrived. */
  #closed: Promise<unknown> | undefined;
  #stderr = '';

  constructor(env: Record<string, string> = {}) {
    super(process.execPath, daemonPath, 'codebeaker');
    this.defaultTimeout = PATIENCE_MS;
    this.on('stopped', ({ body }: DebugProtocol.StoppedEvent) => void (this.stopped = body));
    this.#env = { ...process.env, ...daemonEnvironment(), ...env };
  }

  override async start(): Promise<void> {
    const child = spawn(process.execPath, [daemonPath, 'dap'], { stdio: 'pipe', env: this.#env });
    this.#child = child;
    this.#closed = once(child, 'close');
    child.stderr.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()));
    this.connect(tapped(child.stdout, (message) => {
      if (!isOfProgram(message) && JSON.stringify(message).includes('/workspace')) this.inner.push(message);
      this.conversation.received(message);
    }), into(child.stdin, (message) => this.conversation.sent(message)));
    await once(child, 'spawn');
  }

  /** Waits until the adapter has ended by itself, which it does when the client has disconnected, and checks what was said. */
  async left(): Promise<void> {
    const child = this.#child as ChildProcess;
    await this.#closed;
    expect({ code: child.exitCode, stderr: this.#stderr, faults: this.conversation.end(), inner: this.inner }).to.deep.equal({ code: 0, stderr: '', faults: [], inner: [] });
  }

  /** Ends what a test that has failed left behind. */
  override async stop(): Promise<void> {
    const child = this.#child as ChildProcess;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await this.#closed;
  }
}

const isOfProgram = ({ type, command, event, body }: ReturnType<typeof JSON.parse>) =>
  (type === 'response' && (command === 'variables' || command === 'evaluate')) || (event === 'output' && body.category === 'stdout');

function tapped(stream: Readable, look: (message: unknown) => void): Readable {
  stream.on('data', dapFrames(look));
  return stream;
}

function into(stream: Writable, look: (message: unknown) => void): Writable {
  const through = new PassThrough();
  through.on('data', dapFrames(look));
  through.pipe(stream);
  stream.on('error', () => undefined);
  return through;
}
