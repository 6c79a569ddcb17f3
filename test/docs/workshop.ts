/** A home folder and a project of somebody who tries the examples of the pages, with `codebeaker` and `npx codebeaker` on the PATH. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonEnvironment } from '../e2e/environment.ts';
import { daemonPath } from '../e2e/raw-client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the examples name. */
const files: Readonly<Record<string, string>> = {
  'main.py': 'print("main")\n',
  'app.py': 'print("app")\n',
  'server.py': 'print("server")\n',
  'fetch.py': 'print("fetched")\n',
  'report.py': 'import os\nos.makedirs("out")\nopen("out/table.csv", "w").write("1,2\\n")\nopen("plot.png", "wb").write(b"x")\n',
  'lib/util.js': 'exports.twice = (x) => 2 * x;\n',
  'try.json': '{ "preference": "balanced" }\n',
  'token.txt': 'a-token-of-somebody\n',
};

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Workshop {
  readonly home = mkdtempSync(join(tmpdir(), 'codebeaker-test-docs-'));
  readonly project = join(this.home, 'project');
  readonly env: Readonly<Record<string, string>>;
  readonly #running: ChildProcess[] = [];

  constructor() {
    for (const folder of ['bin', 'run', '.config/codebeaker', 'project/lib']) mkdirSync(join(this.home, folder), { recursive: true });
    chmodSync(join(this.home, 'run'), 0o700);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.project, name), text, { mode: 0o600 });
    cpSync(join(root, 'examples'), join(this.project, 'examples'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.home, 'node_modules'));
    this.#program('codebeaker', `exec ${quoted(process.execPath)} ${quoted(daemonPath)} "$@"`);
    this.#program('npx', '[ "$1" = codebeaker ] || exit 99\nshift\nexec codebeaker "$@"');
    const { stateDir: _, ...config } = JSON.parse(readFileSync(daemonEnvironment()['CODEBEAKER_CONFIG'] as string, 'utf8')) as Record<string, unknown>;
    writeFileSync(join(this.home, '.config/codebeaker/config.json'), JSON.stringify(config));
    const { CODEBEAKER_CONFIG: _config, XDG_CONFIG_HOME: _own, XDG_STATE_HOME: _state, XDG_CACHE_HOME: _cache, ...env } = process.env as Record<string, string>;
    this.env = { ...env, HOME: this.home, PATH: `${join(this.home, 'bin')}:${env['PATH']}`, XDG_RUNTIME_DIR: join(this.home, 'run'), API_TOKEN: 'a-token-of-somebody', TMPDIR: tmpdir() };
  }

  #program(name: string, script: string): void {
    writeFileSync(join(this.home, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Runs a script of bash in the project to its end. */
  async run(script: string, { input = '', env = {} }: { input?: string; env?: Readonly<Record<string, string>> } = {}): Promise<Ran> {
    return this.program('bash', ['--norc', '-euc', script], { input, env });
  }

  async program(file: string, args: readonly string[], { input = '', env = {}, cwd = this.project }: { input?: string; env?: Readonly<Record<string, string>>; cwd?: string } = {}): Promise<Ran> {
    const child = spawn(file, args, { cwd, env: { ...this.env, ...env } });
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (out[stream] += chunk.toString()));
    child.stdin.on('error', () => undefined).end(input);
    const [code] = await once(child, 'close') as [number | null];
    return { code, ...out };
  }

  /** Starts a daemon that listens. Resolves when it does. */
  async serve(command: string): Promise<ChildProcess> {
    const child = spawn('bash', ['--norc', '-euc', `exec ${command}`], { cwd: this.project, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => text.includes('codebeaker listens at') && resolve());
      child.once('exit', () => reject(new Error(`${command}: ${text}`)));
    });
    return child;
  }

  /** Ends the daemons. @returns their exit codes */
  async stop(): Promise<(number | null)[]> {
    return Promise.all(this.#running.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill();
      return ((await exited) as [number | null])[0];
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A port at which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
