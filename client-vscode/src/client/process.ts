/** Starts the daemon, and programs that only report something, as child processes. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../base/log.ts';

export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface DaemonProcess {
  readonly pid: number | undefined;
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves with how it ended, in words. It resolves too if the process could not be started. */
  readonly ended: Promise<string>;
  kill(): void;
}

/** Writes the daemon's stderr to the log. */
export function startDaemon({ program, args, env }: DaemonCommand, log: Log): DaemonProcess {
  const child = spawn(program, args, { env, stdio: 'pipe', windowsHide: true });
  // A write fails only if the process has ended, and `ended` tells that.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', (line) => log.info(line));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (fault) => resolve(`could not be started: ${fault.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  return { pid: child.pid, input: child.stdin, output: child.stdout, ended, kill: () => void child.kill('SIGKILL') };
}

/** A report has a few kilobytes. */
const MAX_REPORT_BYTES = 1024 * 1024;

/** Runs a program to its end. @returns what it printed; if it printed nothing, how it failed */
export function reportOf({ program, args, env }: DaemonCommand, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const options = { env, signal, windowsHide: true, maxBuffer: MAX_REPORT_BYTES } as const;
    execFile(program, args, options, (fault, stdout, stderr) => resolve(stdout || stderr || (fault?.message ?? '')));
  });
}
