/** A Docker engine that a test may kill, stop and restart: it has its own containerd, folders and socket, and no network. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './environment.ts';

/** On a busy machine. Usually it takes a second or two. */
const START_MS = 60_000;

export class PrivateEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-engine-'));
  readonly socket = join(this.#folder, 'docker.sock');
  #process: ChildProcess | undefined;

  /** Starts it, if it does not run, and waits until it answers. */
  async start(): Promise<void> {
    const settings = join(this.#folder, 'settings.json');
    writeFileSync(settings, '{}');
    const log = openSync(join(this.#folder, 'log'), 'a');
    // An engine without a bridge removes the bridge of the engine beside it, unless it has a network namespace of its own.
    const own = ['config-file settings.json', 'data-root data', 'exec-root run', 'pidfile pid'].flatMap((words) => {
      const [option, name] = words.split(' ') as [string, string];
      return [`--${option}`, join(this.#folder, name)];
    });
    this.#process = spawn('unshare', ['--net', 'dockerd', ...own, '--host', `unix://${this.socket}`, '--bridge=none', '--iptables=false', '--ip-forward=false'], { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    await until('the private engine answers', () => this.#answers(), START_MS).catch((fault: Error) => {
      throw new Error(`${fault.message}: ${readFileSync(join(this.#folder, 'log'), 'utf8').split('\n').slice(-5).join('\n')}`);
    });
  }

  /** Gives it an image of the machine's engine. */
  load(image: string): void {
    execFileSync('sh', ['-c', `docker save ${image} | docker --host unix://${this.socket} load`], { stdio: 'pipe' });
  }

  /** Sends a signal to the engine, and to neither its containerd nor the containers. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Resolves when it has ended after a signal. */
  async ended(): Promise<void> {
    if (this.#process && this.#runs) await once(this.#process, 'exit');
  }

  get #runs(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  containers(): string[] {
    return execFileSync('docker', ['--host', `unix://${this.socket}`, 'ps', '-aq'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  }

  /** Ends it and removes all that it has. Only an engine that runs can end its containerd and its containers. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    if (!this.#runs) await this.start();
    this.signal('SIGTERM');
    await this.ended();
    // One that was killed has not undone its mounts.
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(this.#folder));
    for (const path of mounts.reverse()) spawnSync('umount', ['--lazy', path]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const query = request({ socketPath: this.socket, path: '/_ping', timeout: 1_000 }, (reply) => {
        reply.resume();
        resolve(reply.statusCode === 200);
      });
      query.on('timeout', () => query.destroy());
      query.on('error', () => resolve(false));
      query.end();
    });
  }
}
