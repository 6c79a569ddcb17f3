/** A terminal in a native sandbox. The stderr of `script`, which holds the terminal, says which one it is and how the program ended. */
import type { Sink, TerminalSize } from '../../ports.ts';
import type { Channel, TerminalChannel } from '../../shell/index.ts';

/** What `script` prints there is shorter. */
const MAX_NOTES_LENGTH = 4096;

export class NativeTerminal implements TerminalChannel {
  readonly #channel: Channel;
  readonly #control: (line: string) => void;
  #notes = '';
  /** The size that was asked for before it was known which terminal it is. */
  #size: TerminalSize | undefined;

  /** `control` runs a line in the sandbox's first shell. */
  constructor(channel: Channel, control: (line: string) => void) {
    this.#channel = channel;
    this.#control = control;
  }

  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  write(bytes: Buffer | string): Promise<void> {
    return this.#channel.write(bytes);
  }

  end(): void {
    this.#channel.end();
  }

  listen(sink: Sink): void {
    this.#channel.listen((stream, chunk) => {
      if (stream === 'stdout') return sink('pty', chunk);
      if (this.#notes.length < MAX_NOTES_LENGTH) this.#notes += chunk.toString('latin1');
      if (this.#size) void this.resize(this.#size);
    });
  }

  destroy(): void {
    this.#channel.destroy();
  }

  resize(size: TerminalSize): Promise<void> {
    const terminal = /^(\/dev\/pts\/\d+)\n/m.exec(this.#notes)?.[1];
    this.#size = terminal === undefined ? size : undefined;
    if (terminal) this.#control(`stty -F ${terminal} cols ${size.cols} rows ${size.rows} 2>/dev/null`);
    return Promise.resolve();
  }

  exitCode(): Promise<number | undefined> {
    const code = /^exit (\d+)$/m.exec(this.#notes)?.[1];
    return Promise.resolve(code === undefined ? undefined : Number(code));
  }
}
