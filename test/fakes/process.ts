/**
 * A fake program. Its command is a script with one statement a line, or `['fake', script, ...args]`. The statements are:
 *
 *   echo TEXT              prints a line to stdout
 *   warn TEXT              prints a line to stderr
 *   print OUT, ERR         prints two JSON strings, the first to stdout and the second to stderr
 *   bytes                  prints every byte value once
 *   flood N                prints N bytes, in pieces of 64 KiB
 *   cat                    copies stdin to stdout until stdin ends
 *   args                   prints its arguments, each followed by a NUL
 *   env NAME               prints a variable of its environment
 *   pwd                    prints its working directory
 *   sleep MS               waits on the clock
 *   forever                waits until it is ended
 *   stubborn               ignores SIGTERM and SIGINT from now on
 *   immortal               ignores SIGKILL too: only a test or the end of the sandbox can end it
 *   exit N                 exits with the code N
 *   spin MS                waits on the clock, and its sandbox has used as much of the processor
 *   used CPU PEAK          exits with 0 and has used CPU milliseconds of the processor and PEAK bytes of memory
 *   crash SIGNAL           is ended by the signal
 *   oom                    is ended because it ran out of memory
 *
 * Any other statement exits with 127, as a shell would. At the end of the script the program exits with 0.
 */
import type { Clock } from '../../server/src/base/clock.ts';
import { type Deferred, deferred } from '../../server/src/base/promises.ts';
import type { Exit, Process, Program, Sink, Stream, TerminalSize } from '../../server/src/runtime/ports.ts';

const PIECE_BYTES = 64 * 1024;
const FLOOD_LINE = '0123456789abcde\n';

export class FakeProcess implements Process {
  readonly program: Program;
  /** Every signal that it has received, in order. */
  readonly signals: string[] = [];
  readonly sizes: TerminalSize[] = [];
  /** The grace period of every kill, in milliseconds. */
  readonly kills: number[] = [];
  readonly #clock: Clock;
  readonly #sink: Sink;
  readonly #spun: (ms: number) => void;
  readonly #exited = deferred<Exit>();
  readonly #stopped = deferred<Exit>();
  #input: Buffer[] = [];
  #inputEnded: boolean;
  #ended = false;
  #more: Deferred<void> = deferred();
  #stubborn = false;
  #immortal = false;
  #sinkBroken = false;

  constructor(program: Program, sink: Sink, clock: Clock, spun: (ms: number) => void = () => undefined) {
    this.program = program;
    this.#spun = spun;
    this.#sink = sink;
    this.#clock = clock;
    this.#inputEnded = program.stdin !== 'open' && program.pty === undefined;
    if (Buffer.isBuffer(program.stdin)) this.#input.push(program.stdin);
    void this.#run().then((exit) => {
      this.#ended = true;
      this.#exited.resolve(exit);
    });
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  async signal(name: string): Promise<boolean> {
    if (this.#ended) return false;
    this.signals.push(name);
    if (!this.#immortal && !(this.#stubborn && ['SIGTERM', 'SIGINT'].includes(name))) this.#stopped.resolve({ kind: 'signaled', signal: name });
    return true;
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

  /** Ends it as if its sandbox had gone away. */
  lose(reason: string): void {
    this.stop({ kind: 'lost', reason });
  }

  /** Ends it at once, with this exit. */
  stop(exit: Exit): void {
    this.#stopped.resolve(exit);
  }

  /** Prints something that is not in its script. Resolves when it has been received. */
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
      case 'sleep': return this.#sleep(Number(rest));
      case 'spin': return this.#sleep(Number(rest)).then(() => void this.#spun(Number(rest)));
      case 'forever': return this.#stopped.promise;
      case 'stubborn': return void (this.#stubborn = true);
      case 'immortal': return void (this.#immortal = true);
      case 'exit': return { kind: 'exited', code: Number(rest) };
      case 'used': {
        const [cpuMs = 0, peakMemoryBytes = 0] = rest.split(' ').map(Number);
        return { kind: 'exited', code: 0, usage: { cpuMs, peakMemoryBytes } };
      }
      case 'crash': return { kind: 'signaled', signal: rest };
      case 'oom': return { kind: 'memoryLimit', signal: 'SIGKILL', code: null };
      default: return { kind: 'exited', code: 127 };
    }
  }

  #sleep(ms: number): Promise<undefined> {
    return new Promise((resolve) => void this.#clock.after(ms, () => resolve(undefined)));
  }

  async #say(stream: Exclude<Stream, 'pty'>, text: string | Buffer): Promise<undefined> {
    const chunk = Buffer.from(text as string);
    if (chunk.length === 0 || this.#sinkBroken) return;
    try {
      await this.#sink(this.program.pty ? 'pty' : this.program.stderrToStdout ? 'stdout' : stream, chunk);
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
