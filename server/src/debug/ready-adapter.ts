/** An adapter that was started before anybody has asked for it, and waits in its sandbox. */
import type { Clock } from '../base/clock.ts';
import type { Process, Sandbox, Sink } from '../runtime/ports.ts';
import type { FoundAdapter } from './adapter.ts';
import { startConnected } from './connected.ts';
import { isFor, launchOf, type Wish } from './wish.ts';

interface Parts {
  readonly wish: Wish;
  readonly found: FoundAdapter;
  /** A folder of files that the adapter needs until it has ended. */
  readonly scratch: string;
}

/** Where its output goes: that of an adapter that connects has two ways. */
export interface Sinks {
  readonly messages: Sink;
  readonly printed: Sink;
}

interface Output {
  /** undefined while it waits. */
  sinks: Sinks | undefined;
  /** Whether it has ended, or has said something unasked. It cannot be used then. */
  spoiled: boolean;
}

export class ReadyAdapter {
  readonly wish: Wish;
  readonly found: FoundAdapter;
  readonly scratch: string;
  readonly #child: Process;
  readonly #output: Output;

  private constructor({ wish, found, scratch }: Parts, child: Process, output: Output) {
    this.wish = wish;
    this.found = found;
    this.scratch = scratch;
    this.#child = child;
    this.#output = output;
    void child.exited.then(() => (output.spoiled = true));
  }

  /** @throws ProtocolError if it can't be started */
  static async start(sandbox: Sandbox, clock: Clock, parts: Parts): Promise<ReadyAdapter> {
    const { wish, found: { command, env: own, inSandbox }, scratch } = parts;
    const launch = launchOf(wish, scratch);
    // One that waits for any program gets the folder of the program with `launch`.
    const cwd = wish.row.waits?.(launch.interpreter) === 'forProgram' ? launch.cwd : '/tmp';
    const start = { cwd, env: { ...launch.env, ...own(launch.env) }, pty: undefined };
    const output: Output = { sinks: undefined, spoiled: false };
    const to = (which: keyof Sinks): Sink => (stream, chunk) => {
      if (output.sinks) return output.sinks[which](stream, chunk);
      output.spoiled = true;
      return undefined;
    };
    if (typeof command !== 'function') {
      const program = { ...start, command, stdin: 'open', ...(inSandbox ? { debugger: true } : {}) } as const;
      return new ReadyAdapter(parts, await sandbox.start(program, to('messages')), output);
    }
    const program = (port: number) => ({ ...start, command: command(port, launch), stdin: 'none' }) as const;
    const { adapter, program: child } = await startConnected({ sandbox, clock, program, messages: to('messages'), printed: to('printed') });
    // Its connection may end later.
    void child.exited.then(() => (output.spoiled = true));
    return new ReadyAdapter(parts, adapter, output);
  }

  /** Whether it still waits, as far as is known, and was started for this. */
  suits(wish: Wish): boolean {
    return !this.#output.spoiled && isFor(this.wish, wish);
  }

  /** Tells it that it is needed. Its output goes to `sinks` from now on, and nobody else writes to it. */
  go(sinks: Sinks): Promise<Process> {
    this.#output.sinks = sinks;
    return wake(this.#child, this.found);
  }

  /** Resolves when it has ended. */
  get exited(): Promise<unknown> {
    return this.#child.exited;
  }

  /** Whether somebody has needed it. */
  get used(): boolean {
    return this.#output.sinks !== undefined;
  }

  /** Ends it and removes its files. */
  async kill({ files }: Sandbox): Promise<void> {
    this.#output.spoiled = true;
    await this.#child.kill();
    await files.delete(this.scratch, { recursive: true, force: true });
  }
}

/** Tells an adapter that was started that it is needed. It is no error if it has ended. */
export async function wake(child: Process, found: FoundAdapter): Promise<Process> {
  if (found.wake) await child.write(Buffer.from(found.wake)).catch(() => undefined);
  return child;
}
