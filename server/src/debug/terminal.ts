/**
 * The terminal in which a debugged program runs, where the client asked for one. The adapter that connects runs there itself,
 * with the program; another adapter asks for the program to be started there (`runInTerminal`), and that is done once.
 */
import { deferred } from '../base/promises.ts';
import { resolvePath } from '../command/paths.ts';
import type { Environment } from '../protocol/index.ts';
import type { Exit, Process, Program, Sandbox, Sink, TerminalSize } from '../runtime/ports.ts';
import { isObject, type Json } from './dap.ts';

export interface TerminalPlace {
  readonly sandbox: Pick<Sandbox, 'start'>;
  /** The variables of the adapter, which the program has too. */
  readonly env: Environment;
  /** Takes what the program prints. */
  readonly sink: Sink;
  readonly stop: AbortSignal;
}

/** The words of a command line have at most so many characters together: the kernel takes no more. */
const MAX_COMMAND_LENGTH = 2 * 1024 * 1024;
/** What a person types for these signals. The terminal sends them to the program that is in front, which no process group of ours is. */
const KEYS: Readonly<Record<string, string>> = { SIGINT: '\x03', SIGQUIT: '\x1c' };

export class Terminal {
  readonly #program = deferred<Process | undefined>();
  #size: TerminalSize;
  /** Where the adapter may have a program started. undefined: nowhere, or it has done so. */
  #place: TerminalPlace | undefined;
  /** Is there when a program of the adapter was started. */
  #started: Promise<Process> | undefined;
  #exit: Exit | undefined;
  #taken = false;

  constructor(size: TerminalSize) {
    this.#size = size;
  }

  /** Whether there is a program that gets what is for it. */
  get taken(): boolean {
    return this.#taken;
  }

  get size(): TerminalSize {
    return this.#size;
  }

  /** The exit code of the program that the adapter had started. undefined: it has not exited, or there was none. */
  get exitCode(): number | undefined {
    return this.#exit?.kind === 'exited' ? this.#exit.code : undefined;
  }

  /** The adapter may have a program started there from now on. */
  open(place: TerminalPlace): void {
    this.#place = place;
  }

  /** This is the program, which was started with this size. What has come for it goes there. */
  async hold(program: Process, { cols, rows }: TerminalSize): Promise<void> {
    this.#taken = true;
    if (this.#size.cols !== cols || this.#size.rows !== rows) await program.resize(this.#size);
    this.#program.resolve(program);
  }

  /** Starts what the adapter asks for. @throws Error, with words for people, if it can't be started */
  async run(asked: Json): Promise<void> {
    const place = this.#place;
    if (!place) throw new Error('a program was started in the terminal already');
    const program = programIn(asked, place.env, this.#size);
    this.#place = undefined;
    this.#started = place.sandbox.start(program, place.sink, place.stop);
    const size = this.#size;
    const child = await this.#started;
    void child.exited.then((exit) => (this.#exit = exit));
    await this.hold(child, size);
  }

  async write(bytes: Buffer): Promise<void> {
    await (await this.#program.promise)?.write(bytes);
  }

  end(): void {
    void this.#program.promise.then((program) => program?.end());
  }

  async resize(size: TerminalSize): Promise<void> {
    this.#size = size;
    if (this.#taken) await (await this.#program.promise)?.resize(size);
  }

  /** Resolves with false if the program has ended, as far as is known. */
  async signal(name: string): Promise<boolean> {
    const program = await this.#program.promise;
    const key = KEYS[name];
    if (!program || this.#exit) return false;
    return key === undefined ? program.signal(name) : program.write(Buffer.from(key)).then(() => true, () => false);
  }

  /** Kills what the adapter has had started, and resolves when all of its output was taken. Nothing is started after that. */
  async close(graceMs?: number): Promise<void> {
    this.#place = undefined;
    // It is no error if it could not be started, or if the sandbox is gone.
    const child = await this.#started?.catch(() => undefined);
    await child?.kill(graceMs).catch(() => undefined);
    await child?.exited;
    this.#program.resolve(undefined);
  }
}

/** @throws Error, with words for people, for what is no program of this sandbox */
function programIn({ args, env = {}, cwd }: Json, own: Environment, pty: TerminalSize): Program {
  const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');
  if (!Array.isArray(args) || args.length === 0 || !args.every(isText) || args.join(' ').length > MAX_COMMAND_LENGTH) throw new Error('args must be a list of texts');
  if (!isObject(env) || !Object.entries(env).every(([name, value]) => isText(name) && (value === null || isText(value)))) throw new Error('env must be an object of texts');
  if (cwd !== undefined && !isText(cwd)) throw new Error('cwd must be a path');
  const all = Object.entries({ ...own, ...env }).filter((entry): entry is [string, string] => isText(entry[1]));
  return { command: args, cwd: resolvePath(cwd === undefined || cwd === '' ? '.' : cwd), env: Object.fromEntries(all), stdin: 'open', pty };
}

/** Leaves out what the runtime of the language prints when a debugged program has ended, as long as nothing follows. */
export function withoutFarewell(sink: Sink, farewell: string | undefined): Sink {
  if (farewell === undefined) return sink;
  const end = Buffer.from(farewell);
  let held = false;
  return (stream, chunk) => {
    const whole = held ? Buffer.concat([end, chunk]) : chunk;
    held = whole.length >= end.length && whole.subarray(-end.length).equals(end);
    const rest = held ? whole.subarray(0, -end.length) : whole;
    return rest.length > 0 ? sink(stream, rest) : undefined;
  };
}
