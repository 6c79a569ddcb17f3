/** The debuggers as they are without a sandbox, and what an editor says to a debugger until the program stands before its first line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DapClient } from '../../test/debug/dap-client.ts';
import { realPython } from './plain.ts';

/** As the build names it. */
const bridge = fileURLToPath(new URL('../../server/dist/debug/node-bridge.cjs', import.meta.url));

export interface PlainDebugger {
  /** For people. */
  readonly name: string;
  readonly command: readonly string[];
  /** The arguments of `launch` for a program. */
  launch(program: string): object;
}

/** undefined: this machine has none. */
export async function plainDebugger(language: 'python' | 'javascript'): Promise<PlainDebugger | undefined> {
  if (language === 'javascript') return existsSync(bridge) ? { name: 'the same bridge to Node, no sandbox', command: [process.execPath, bridge], launch: (program) => ({ program, stopOnEntry: true }) } : undefined;
  const python = await realPython();
  if (python === undefined || !existsSync('/usr/lib/python3/dist-packages/debugpy/adapter/__main__.py')) return undefined;
  return {
    name: 'debugpy, no sandbox',
    command: [python, '-m', 'debugpy.adapter'],
    launch: (program) => ({ program, stopOnEntry: true, console: 'internalConsole', redirectOutput: true, python: [python] }),
  };
}

/** A debugger that speaks on its stdin and stdout. */
export class DebuggerProcess {
  readonly client: DapClient;
  private readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #buffer = Buffer.alloc(0);

  constructor([program = '', ...args]: readonly string[]) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#exited = new Promise((resolve) => this.child.once('close', resolve));
    this.client = new DapClient((message) => {
      const body = Buffer.from(JSON.stringify(message));
      this.child.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
    }, { checked: false });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.#exited;
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1', 0, 64));
      const end = header ? header[0].length + Number(header[1]) : Infinity;
      if (!header || this.#buffer.length < end) return;
      this.client.receive(JSON.parse(this.#buffer.toString('utf8', header[0].length, end)));
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

/** Says what an editor says, from `initialize` until the program has stopped. `passed` is called when a step is done. */
export async function toFirstLine(client: DapClient, launch: object, passed: (step: 'initialize' | 'initialized' | 'stopped') => void = () => undefined): Promise<void> {
  await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  passed('initialize');
  const initialized = client.event('initialized');
  const launched = client.ask('launch', launch);
  await initialized;
  passed('initialized');
  const stopped = client.event('stopped');
  await client.ask('setExceptionBreakpoints', { filters: [] });
  await client.ask('configurationDone');
  await Promise.all([launched, stopped]);
  passed('stopped');
}
