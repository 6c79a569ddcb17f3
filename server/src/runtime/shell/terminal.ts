/** A program on a terminal. Its end is reported from outside, because a mark in the output of a terminal could be anybody's. */
import { constants } from 'node:os';
import type { Exit, Sink, TerminalSize } from '../ports.ts';
import type { TerminalChannel } from './channel.ts';
import { ControlledProcess, type ProcessContext } from './process.ts';

export class TerminalProcess extends ControlledProcess {
  readonly exited: Promise<Exit>;
  readonly #channel: TerminalChannel;

  constructor(context: ProcessContext, channel: TerminalChannel, sink: Sink) {
    super(context, '0');
    this.#channel = channel;
    const heard = this.heard(sink);
    channel.listen((_stream, chunk) => heard('pty', chunk));
    this.exited = this.#run();
  }

  async #run(): Promise<Exit> {
    await this.#channel.closed;
    const code = await this.#channel.exitCode();
    if (this.doomed) this.sweep();
    this.ended = true;
    return code === undefined ? this.context.lostExit() : exitOf(code);
  }

  write(bytes: Buffer): Promise<void> {
    return this.#channel.write(bytes);
  }

  /** On a terminal the end of input is Ctrl-D. */
  end(): void {
    void this.#channel.write('\x04');
  }

  override resize(size: TerminalSize): Promise<void> {
    return this.#channel.resize(size);
  }
}

/** From outside, 128 + n is all that tells death by signal n: an exit with such a code reads the same. */
function exitOf(code: number): Exit {
  const signal = Object.entries(constants.signals).find(([, value]) => value === code - 128)?.[0];
  return signal ? { kind: 'signaled', signal } : { kind: 'exited', code };
}
