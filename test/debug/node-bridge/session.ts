/** A debug session with the built bridge, on files that are made for it. */
import { expect } from 'chai';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Probe } from '../../require.ts';
import { BridgeClient } from './bridge-client.ts';

export const bridgeFile = fileURLToPath(new URL('../../../server/dist/debug/node-bridge.cjs', import.meta.url));
const newer = fileURLToPath(new URL('../../../.cache/nodes/v24.22.3/bin/node', import.meta.url));

/** A Node that runs TypeScript by itself. */
export const newerNode = { path: newer, probe: (() => (existsSync(newer) ? undefined : `there is no ${newer}; run test/setup/nodes.sh`)) satisfies Probe };

export interface Options {
  /** The file that is run. Default: main.js. */
  readonly main?: string;
  readonly launch?: object;
  /** What the bridge is told of the program in advance. Absent: nothing. */
  readonly ahead?: object;
  readonly node?: string;
  readonly initialize?: Partial<DebugProtocol.InitializeRequestArguments>;
  /** For each file, the texts of the lines, or more about each. */
  readonly breakpoints?: Readonly<Record<string, readonly (string | ({ readonly at: string } & Partial<DebugProtocol.SourceBreakpoint>))[]>>;
  readonly functions?: readonly DebugProtocol.FunctionBreakpoint[];
  readonly exceptions?: readonly string[];
}

export interface Stop {
  readonly reason: string;
  readonly threadId: number;
  readonly body: any;
  readonly frames: readonly any[];
  /** The text of the line. */
  readonly text: string;
}

export class DebugSession {
  readonly client: BridgeClient;
  readonly folder: string;
  readonly #files: Readonly<Record<string, string>>;
  /** What was answered about the breakpoints of each file. */
  readonly breakpoints: Record<string, any[]> = {};

  constructor(client: BridgeClient, folder: string, files: Readonly<Record<string, string>>) {
    this.client = client;
    this.folder = folder;
    this.#files = files;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The number of the first line that contains the text. */
  line(name: string, text: string): number {
    const at = (this.#files[name] ?? '').split('\n').findIndex((line) => line.includes(text));
    if (at < 0) throw new Error(`${name} has no line with ${text}`);
    return at + 1;
  }

  async setBreakpoints(file: string, wanted: NonNullable<Options['breakpoints']>[string]): Promise<any[]> {
    const breakpoints = wanted.map((each) => {
      const { at, ...rest } = typeof each === 'string' ? { at: each } : each;
      return { line: this.line(file, at), ...rest };
    });
    const { breakpoints: answer } = await this.client.get('setBreakpoints', { source: { path: this.path(file) }, breakpoints });
    return (this.breakpoints[file] = answer);
  }

  async stopped(): Promise<Stop> {
    const body = await this.client.event('stopped');
    const { stackFrames: frames } = await this.client.get('stackTrace', { threadId: body.threadId });
    const [top] = frames;
    const file = top.source?.path?.slice(this.folder.length + 1);
    return { reason: body.reason, threadId: body.threadId, body, frames, text: (this.#files[file] ?? '').split('\n')[top.line - 1]?.trim() ?? '' };
  }

  /** Lets a thread go on, until it stops again. */
  async go(command: 'continue' | 'next' | 'stepIn' | 'stepOut', threadId = 1): Promise<Stop> {
    await this.client.get(command, { threadId });
    return this.stopped();
  }

  /** Lets the program run to its end, and returns its exit code. */
  async finish(): Promise<number> {
    await this.client.get('continue', { threadId: 1 });
    return this.ended();
  }

  async ended(): Promise<number> {
    const { exitCode } = await this.client.event('exited');
    await this.client.event('terminated');
    return exitCode;
  }

  /** The variables of all scopes of a frame but the global one, by name. */
  async variables({ frames }: Stop, frame = 0): Promise<Record<string, any>> {
    const { scopes } = await this.client.get('scopes', { frameId: frames[frame].id });
    const found: Record<string, any> = {};
    for (const { variablesReference, expensive } of [...scopes].reverse()) {
      if (!expensive) for (const each of await this.inside(variablesReference)) found[each.name] = each;
    }
    return found;
  }

  async inside(variablesReference: number, filter: object = {}): Promise<any[]> {
    return (await this.client.get('variables', { variablesReference, ...filter })).variables;
  }

  async evaluate(expression: string, { frames }: Pick<Stop, 'frames'> | { frames: undefined }, context = 'watch'): Promise<any> {
    return this.client.get('evaluate', { expression, context, ...(frames ? { frameId: frames[0].id } : {}) });
  }
}

/** Starts a program and lets it run once the breakpoints are set. At the end nothing of it is left, and no message was wrong. */
export async function debug(files: Readonly<Record<string, string>>, options: Options, use: (session: DebugSession) => Promise<void>): Promise<void> {
  const { main = 'main.js', node = process.execPath, ahead } = options;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'node-bridge-')));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const client = new BridgeClient([node, bridgeFile, ...(ahead ? [JSON.stringify(ahead)] : [])]);
  try {
    const session = new DebugSession(client, folder, files);
    await client.get('initialize', { adapterID: 'test', ...options.initialize });
    await client.get('launch', { program: join(folder, main), cwd: folder, ...options.launch });
    await client.event('initialized');
    for (const [file, wanted] of Object.entries(options.breakpoints ?? {})) await session.setBreakpoints(file, wanted);
    if (options.functions) session.breakpoints[''] = (await client.get('setFunctionBreakpoints', { breakpoints: options.functions })).breakpoints;
    await client.get('setExceptionBreakpoints', { filters: options.exceptions ?? [] });
    await client.get('configurationDone');
    await use(session);
  } finally {
    await client.ask('disconnect', {}).catch(() => undefined);
    await client.end();
    await rm(folder, { recursive: true, force: true });
  }
  expect(client.faults).to.deep.equal([]);
}
