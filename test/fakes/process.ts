/**
 * A program in memory. Its command is a script, a line for each statement, or `['fake', script, ...args]`:
 *
 *   echo TEXT, warn TEXT   a line to stdout, to stderr
 *   print OUT ERR          JSON strings to both, as they are
 *   bytes                  every byte value
 *   flood N                N bytes, in pieces of 64 KiB
 *   cat                    stdin to stdout, to its end
 *   args, env NAME, pwd    what it was given
 *   sleep MS               on the clock
 *   forever                until it is ended
 *   stubborn               TERM is ignored from here on
 *   immortal               so is KILL: only the test ends it, or the end of its sandbox
 *   exit N, crash SIGNAL, oom
 *
 * Anything else ends with 127, as a shell would. A script ends with 0.
 */
import type { Clock } from '../../server/src/base/clock.ts';
import { type Deferred, deferred } from '../../server/src/base/promises.ts';
import type { Exit, Process, Program, Sink, Stream, TerminalSize } from '../../server/src/runtime/ports.ts';

const PIECE_BYTES = 64 * 1024;
const FLOOD_LINE = '0123456789abcde\n';

export class FakeProcess implements Process {
  readonly program: Program;
  /** Every signal it got, in order. */
  readonly signals: string[] = [];
  readonly sizes: TerminalSize[] = [];
  /** The grace of every kill. */
  readonly kills: number[] = [];
  readonly #clock: Clock;
  readonly #sink: Sink;
  readonly #exited = deferred<Exit>();
  readonly #stopped = deferred<Exit>();
  #input: Buffer[] = [];
  #inputEnded: boolean;
  #more: Deferred<void> = deferred();
  #stubborn = false;
  #immortal = false;
  #sinkBroken = false;

  constructor(program: Program, sink: Sink, clock: Clock) {
    this.program = program;
    this.#sink = sink;
    this.#clock = clock;
    this.#inputEnded = program.stdin !== 'open' && program.pty === undefined;
    if (Buffer.isBuffer(program.stdin)) this.#input.push(program.stdin);
    void this.#run().then((exit) => this.#exited.resolve(exit));
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  async signal(name: string): Promise<void> {
    this.signals.push(name);
    if (this.#immortal || (this.#stubborn && name === 'SIGTERM')) return;
    this.#stopped.resolve({ kind: 'signaled', signal: name });
  }

  async kill(graceMs = 0): Promise<void> {
    this.kills.push(graceMs);
    if (graceMs > 0) {
      await this.signal('SIGTERM');
      const grace = deferred();
      const cancel = this.#clock.after(graceMs, grace.resolve);
      await Promise.race([grace.promise, this.exited]);
      cancel();
    }
    await this.signal('SIGKILL');
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#inputEnded) return;
    this.#input.push(bytes);
    this.#more.resolve();
  }

  end(): void {
    this.#inputEnded = true;
    this.#more.resolve();
  }

  async resize(size: TerminalSize): Promise<void> {
    this.sizes.push(size);
  }

  /** Its sandbox went away. */
  lose(reason: string): void {
    this.stop({ kind: 'lost', reason });
  }

  /** Ends it now, in whatever way the test wants. */
  stop(exit: Exit): void {
    this.#stopped.resolve(exit);
  }

  /** Prints what the test wants, besides its script. Resolves when it has been taken. */
  async print(stream: Stream, data: string | Buffer): Promise<void> {
    await this.#sink(stream, Buffer.from(data as string));
  }

  async #run(): Promise<Exit> {
    const { command } = this.program;
    const [script = '', ...args] = typeof command === 'string' ? [command] : command[0] === 'fake' ? command.slice(1) : [command.join(' ')];
    for (const line of script.split('\n').filter((each) => each.trim() !== '')) {
      const ended = await Promise.race([this.#stopped.promise, this.#step(line.trim(), args)]);
      if (ended) return ended;
    }
    return { kind: 'exited', code: 0 };
  }

  async #step(line: string, args: readonly string[]): Promise<Exit | undefined> {
    const [, word = '', rest = ''] = /^(\S+) ?([^]*)$/.exec(line) ?? [];
    switch (word) {
      case 'echo': return this.#say('stdout', `${rest}\n`);
      case 'warn': return this.#say('stderr', `${rest}\n`);
      case 'print': {
        const [out = '', err = ''] = JSON.parse(`[${rest}]`) as string[];
        await this.#say('stdout', out);
        return this.#say('stderr', err);
      }
      case 'bytes': return this.#say('stdout', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
      case 'flood': return this.#flood(Number(rest));
      case 'cat': return this.#cat();
      case 'args': return this.#say('stdout', args.map((each) => `${each}\0`).join(''));
      case 'env': return this.#say('stdout', this.program.env[rest] ?? '');
      case 'pwd': return this.#say('stdout', `${this.program.cwd}\n`);
      case 'sleep': return new Promise((resolve) => void this.#clock.after(Number(rest), () => resolve(undefined)));
      case 'forever': return this.#stopped.promise;
      case 'stubborn': return void (this.#stubborn = true);
      case 'immortal': return void (this.#immortal = true);
      case 'exit': return { kind: 'exited', code: Number(rest) };
      case 'crash': return { kind: 'signaled', signal: rest };
      case 'oom': return { kind: 'memoryLimit', signal: 'SIGKILL', code: null };
      default: return { kind: 'exited', code: 127 };
    }
  }

  async #say(stream: Exclude<Stream, 'pty'>, text: string | Buffer): Promise<undefined> {
    const chunk = Buffer.from(text as string);
    if (chunk.length === 0 || this.#sinkBroken) return;
    try {
      await this.#sink(this.program.pty ? 'pty' : stream, chunk);
    } catch {
      this.#sinkBroken = true;
    }
  }

  async #flood(bytes: number): Promise<undefined> {
    const piece = Buffer.alloc(PIECE_BYTES, FLOOD_LINE);
    for (let left = bytes; left > 0; left -= PIECE_BYTES) await this.#say('stdout', piece.subarray(0, Math.min(left, PIECE_BYTES)));
  }

  async #cat(): Promise<undefined> {
    for (;;) {
      this.#more = deferred();
      for (const bytes of this.#input.splice(0)) await this.#say('stdout', bytes);
      if (this.#inputEnded && this.#input.length === 0) return;
      if (this.#input.length === 0) await this.#more.promise;
    }
  }
}
