/** Runs the real `codebeaker` command, as a shell would start it. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonEnvironment } from './environment.ts';
import { daemonPath } from './raw-client.ts';

export interface Ended {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Start {
  /** Is written to stdin, which is then closed. If absent, nothing is written and stdin stays open. */
  readonly input?: string | Buffer;
  readonly env?: Record<string, string>;
  readonly config?: object;
  readonly stdio?: StdioOptions;
}

export class CommandLine {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #stdout: Buffer[] = [];
  #stderr = '';

  constructor(args: readonly string[], { input, env, config = {}, stdio = 'pipe' }: Start = {}) {
    this.child = spawn(process.execPath, [daemonPath, ...args], {
      stdio,
      // The command has a process group of its own, so that a test can press Ctrl-C.
      detached: true,
      env: { ...process.env, ...daemonEnvironment(config), ...env },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => void this.#stdout.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()));
    this.child.stdin?.on('error', () => undefined);
    if (input !== undefined) this.child.stdin?.end(input);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ pid: this.pid, code, signal, stdout: this.stdout, stderr: this.#stderr }));
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  /** Presses Ctrl-C, which sends the signal to every process of the group. */
  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    process.kill(-this.pid, signal);
  }
}

/** Runs the command to its end. Without `input`, its stdin is empty. */
export function codebeaker(args: readonly string[], start: Start = {}): Promise<Ended> {
  return new CommandLine(args, { input: '', ...start }).ended;
}

const root = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));

/** Writes a file with this text, which is removed when this process exits. @returns its path */
export function sourceFile(name: string, text: string | Buffer): string {
  const folder = join(root, randomUUID());
  mkdirSync(folder);
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
