/** What a runtime owes the held shell: the streams of an idle `sh`. */
import type { AdjustableLimits, Sink, TerminalSize } from '../ports.ts';

/** A shell that runs the prelude. Its owner reads it from the first byte on. */
export interface Channel {
  /** Resolves when more may be written. Never rejects: a channel that broke says so by `closed`. */
  write(bytes: Buffer | string): Promise<void>;
  /** Ends stdin; output goes on. */
  end(): void;
  /** Called with all output from now on. While its promise is pending, nothing more is read. */
  listen(sink: Sink): void;
  /** Resolves when no more output will come. */
  readonly closed: Promise<void>;
  destroy(): void;
}

/** A program on a terminal of its own. Its end is known from outside, not from its output. */
export interface TerminalChannel extends Channel {
  resize(size: TerminalSize): Promise<void>;
  /** After `closed`. undefined: nobody knows. */
  exitCode(): Promise<number | undefined>;
}

export interface TerminalProgram {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly size: TerminalSize;
}

/** How further shells come into a sandbox. The first one is the sandbox's own process and its lease. */
export interface ShellSource {
  readonly first: Channel;
  /** Another shell in the same sandbox: `sh -c prelude sh MARK`. */
  open(mark: string): Promise<Channel>;
  openTerminal(program: TerminalProgram): Promise<TerminalChannel>;
  /** Whether the sandbox ended for want of memory. Asked when a shell of it has gone; where this is missing nobody knows. */
  ranOutOfMemory?(): Promise<boolean>;
  /** Holds the sandbox to other limits; missing where that can't be done. */
  adjust?(limits: AdjustableLimits): Promise<void>;
  /** Removes the sandbox. Resolves when it is gone. */
  destroy(): Promise<void>;
}
