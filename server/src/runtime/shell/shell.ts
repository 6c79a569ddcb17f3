/** One held shell: runs one thing at a time and knows exactly where its output ends. */
import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../../base/clock.ts';
import { deferred, type Deferred } from '../../base/promises.ts';
import type { Sink } from '../ports.ts';
import type { Channel } from './channel.ts';
import { endOfBytes } from './lines.ts';
import { MarkScanner } from './marks.ts';

/** Between the two marks on stdout. More means that the stream makes no sense. */
const MAX_TRAILER_BYTES = 4096;
/** What left-over processes still print is read and dropped: at once up to here, then so slowly that it costs nothing. */
const MAX_DROPPED_BYTES = 16 * 1024 * 1024;
const DROP_EVERY_MS = 50;

/** 96 random bits: no program can print it but by chance. */
export function newMark(): string {
  return randomBytes(12).toString('hex');
}

/** What stands between the marks, or undefined when the shell went away first. */
export type Trailer = string | undefined;

interface Turn {
  readonly sink: Sink;
  readonly stdout: MarkScanner;
  readonly stderr: MarkScanner;
  readonly done: Deferred<Trailer>;
  trailer: string;
  stdoutState: 'output' | 'trailer' | 'ended';
  stderrEnded: boolean;
}

export class HeldShell {
  readonly #channel: Channel;
  readonly #clock: Clock;
  #turn: Turn | undefined;
  #dropped = 0;
  #alive = true;

  /** `opening` is the mark the prelude was started with: the first turn ends with its facts. */
  static open(channel: Channel, opening: string, clock: Clock): { shell: HeldShell; facts: Promise<Trailer> } {
    const shell = new HeldShell(channel, clock);
    const facts = shell.#take(opening, () => undefined);
    channel.listen((stream, chunk) => (stream === 'stderr' ? shell.#stderr(chunk) : shell.#stdout(chunk)));
    return { shell, facts };
  }

  private constructor(channel: Channel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
    void channel.closed.then(() => this.#end());
  }

  get busy(): boolean {
    return this.#turn !== undefined;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Sends one line, and the bytes that come with it, and reads until its marks. `line` gets the mark it must print
   * through `t` or `z`.
   * @returns the trailer, after the last output went through the sink; undefined when the shell went away.
   */
  run(line: (mark: string) => string, sink: Sink, body?: Buffer): Promise<Trailer> {
    const mark = newMark();
    const done = this.#take(mark, sink);
    void this.#channel.write(`${line(mark)}\n`);
    if (body) {
      void this.#channel.write(body);
      void this.#channel.write(endOfBytes(mark));
    }
    return done;
  }

  /** A line that prints nothing: it is read while a program runs. */
  control(line: string): void {
    void this.#channel.write(`${line}\n`);
  }

  /** For a shell whose stdin is the program's: what comes after its one line. */
  write(bytes: Buffer): Promise<void> {
    return this.#channel.write(bytes);
  }

  endInput(): void {
    this.#channel.end();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  #take(mark: string, sink: Sink): Promise<Trailer> {
    if (this.#turn) throw new Error('invariant: a held shell runs one thing at a time');
    if (!this.#alive) return Promise.resolve(undefined);
    const done = deferred<Trailer>();
    this.#turn = {
      sink,
      stdout: new MarkScanner(mark),
      stderr: new MarkScanner(mark),
      done,
      trailer: '',
      stdoutState: 'output',
      stderrEnded: false,
    };
    return done.promise;
  }

  #stdout(chunk: Buffer): void | Promise<void> {
    const turn = this.#turn;
    if (!turn || turn.stdoutState === 'ended') return this.#drop(chunk);
    if (turn.stdoutState === 'trailer') return this.#trailer(turn, chunk);
    const { data, rest } = turn.stdout.feed(chunk);
    const sunk = data.length > 0 ? turn.sink('stdout', data) : undefined;
    if (rest === undefined) return sunk;
    turn.stdoutState = 'trailer';
    return sunk ? sunk.then(() => this.#trailer(turn, rest)) : this.#trailer(turn, rest);
  }

  #trailer(turn: Turn, chunk: Buffer): void | Promise<void> {
    const { data, rest } = turn.stdout.feed(chunk);
    turn.trailer += data.toString('latin1');
    if (turn.trailer.length > MAX_TRAILER_BYTES) return this.destroy();
    if (rest === undefined) return;
    turn.stdoutState = 'ended';
    this.#settle(turn);
    return this.#drop(rest);
  }

  #stderr(chunk: Buffer): void | Promise<void> {
    const turn = this.#turn;
    if (!turn || turn.stderrEnded) return this.#drop(chunk);
    const { data, rest } = turn.stderr.feed(chunk);
    const sunk = data.length > 0 ? turn.sink('stderr', data) : undefined;
    if (rest === undefined) return sunk;
    const finish = () => {
      turn.stderrEnded = true;
      this.#settle(turn);
      return this.#drop(rest);
    };
    return sunk ? sunk.then(finish) : finish();
  }

  #settle(turn: Turn): void {
    if (turn.stdoutState !== 'ended' || !turn.stderrEnded) return;
    this.#turn = undefined;
    turn.done.resolve(turn.trailer);
  }

  /**
   * Output that belongs to nobody: it comes from processes that outlived their command. It is never left unread: a
   * connection that stands still would not tell of its end.
   */
  #drop(chunk: Buffer): void | Promise<void> {
    this.#dropped += chunk.length;
    if (this.#dropped > MAX_DROPPED_BYTES) return sleep(this.#clock, DROP_EVERY_MS);
  }

  #end(): void {
    this.#alive = false;
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.done.resolve(undefined);
  }
}
