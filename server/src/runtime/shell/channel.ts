/** What a runtime must provide for held shells: the streams of an idle `sh`, and a source of further ones. */
import type { AdjustableLimits, Sink, TerminalSize } from '../ports.ts';

/** The streams of a shell that runs the prelude. They are read from the first byte on. */
export interface Channel {
  /** Resolves when more may be written. Never rejects: that the channel is broken shows in `closed`. */
  write(bytes: Buffer | string): Promise<void>;
  /** Ends stdin; output goes on. */
  end(): void;
  /** `sink` gets all output from now on. */
  listen(sink: Sink): void;
  /** Resolves when no more output will come. */
  readonly closed: Promise<void>;
  destroy(): void;
}

/** A program on a terminal of its own. That it has ended shows in `closed`, and not in its output. */
export interface TerminalChannel extends Channel {
  resize(size: TerminalSize): Promise<void>;
  /** To be called after `closed`. undefined: it is not known. */
  exitCode(): Promise<number | undefined>;
}

export interface TerminalProgram {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly size: TerminalSize;
}

/** How further shells are started in a sandbox. The first shell is the sandbox's own first process, and its lease. */
export interface ShellSource {
  readonly first: Channel;
  /** Starts another shell in the sandbox: `sh -c prelude sh MARK`. */
  open(mark: string): Promise<Channel>;
  openTerminal(program: TerminalProgram): Promise<TerminalChannel>;
  /** Whether the sandbox was ended because it used too much memory. It is called when a shell has ended. Absent: that can't be known. */
  ranOutOfMemory?(): Promise<boolean>;
  /** Changes the limits of the sandbox. Absent: that can't be done. */
  adjust?(limits: AdjustableLimits): Promise<void>;
  /** Removes the sandbox. Resolves when it is gone. */
  destroy(): Promise<void>;
}
