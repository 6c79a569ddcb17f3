/** One thread of a program, as the inspector sees it: its scripts, and where it is paused. */
import type { Debugger } from 'node:inspector';
import type { Cdp } from './cdp.ts';
import { firstStatement } from './first-statement.ts';
import type { Paths } from './paths.ts';
import { scriptOf, type Script } from './scripts.ts';

export type Step = 'next' | 'stepIn' | 'stepOut';

/** What a thread was told to do last. */
export type Going =
  | { readonly kind: 'run' }
  | { readonly kind: 'pause' }
  | Stepping;

export interface Stepping {
  readonly kind: Step;
  /** How many frames there were where the step began. */
  readonly depth: number;
  readonly from: Debugger.Location;
  /** Whether something that does not concern the step has stopped the thread within it. */
  readonly disturbed?: boolean;
}

export interface ThreadParts {
  readonly id: number;
  readonly name: string;
  readonly cdp: Cdp;
  readonly paths: Paths;
  /** Sets the breakpoints in a script. */
  bind(thread: Thread, script: Script): Promise<void>;
  paused(thread: Thread, event: Debugger.PausedEventDataType): void;
  /** Whatever was shown of the paused thread is no longer so. */
  resumed(thread: Thread): void;
}

const METHODS = { next: 'Debugger.stepOver', stepIn: 'Debugger.stepInto', stepOut: 'Debugger.stepOut' } as const;

/** A program may read scripts without end, such as the texts that it evaluates. Of those without a name, and of those that wait for a function, so many are kept. */
const MAX_SCRIPTS = 10_000;

/** How many frames of what an asynchronous function was called by are kept. */
const ASYNC_DEPTH = 8;

export class Thread {
  readonly id: number;
  readonly name: string;
  readonly cdp: Cdp;
  readonly scripts = new Map<string, Script>();
  going: Going = { kind: 'run' };
  #paused: Debugger.PausedEventDataType | undefined;
  readonly #fresh: Script[] = [];
  /** The scripts that have no name, in the order in which they were read. */
  readonly #unnamed: string[] = [];
  readonly #firsts = new Map<string, Debugger.Location>();
  readonly #resumed: (thread: Thread) => void;

  constructor({ id, name, cdp, paths, bind, paused, resumed }: ThreadParts) {
    this.id = id;
    this.name = name;
    this.cdp = cdp;
    this.#resumed = resumed;
    cdp.on('Debugger.scriptParsed', (event) => {
      const script = scriptOf(event, paths, (each) => bind(this, each));
      this.scripts.set(event.scriptId, script);
      this.#keep(script);
    });
    cdp.on('Debugger.paused', (event) => {
      this.#paused = event;
      paused(this, event);
    });
    cdp.on('Debugger.resumed', () => this.#leave());
  }

  /** Where it is paused. */
  get paused(): Debugger.PausedEventDataType | undefined {
    return this.#paused;
  }

  /** Makes the inspector tell what happens. Nothing of the program runs before this. */
  async watch(exceptions: 'none' | 'uncaught' | 'all'): Promise<void> {
    await Promise.all([
      this.cdp.send('Runtime.enable'),
      this.cdp.send('Debugger.enable'),
      this.cdp.send('Debugger.setAsyncCallStackDepth', { maxDepth: ASYNC_DEPTH }),
      this.cdp.send('Debugger.setPauseOnExceptions', { state: exceptions }),
    ]);
  }

  scriptAt({ scriptId }: Debugger.Location): Script | undefined {
    return this.scripts.get(scriptId);
  }

  resume(): void {
    this.going = { kind: 'run' };
    this.#leave();
    this.cdp.tell('Debugger.resume');
  }

  step(kind: Step): void {
    const { callFrames = [] } = this.#paused ?? {};
    const [top] = callFrames;
    if (!top) return;
    this.again({ kind, depth: callFrames.length, from: top.location }, kind);
  }

  /** Takes another step of this kind as a part of what the thread was told to do. */
  again(going: Going, kind: Step): void {
    this.going = going;
    this.#leave();
    this.cdp.tell(METHODS[kind]);
  }

  pause(): void {
    this.going = { kind: 'pause' };
    this.cdp.tell('Debugger.pause');
  }

  /** Goes on from a place in the runtime, in search of the program. */
  pauseAgain(): void {
    this.again(this.going, 'stepIn');
    // A step ends where the runtime has nothing more to do; then the thread is paused when there is something again.
    this.cdp.tell('Debugger.pause');
  }

  /** Pauses a script once at its first statement. Where a breakpoint of the person is there, that does it. */
  async pauseAtFirst(script: Script): Promise<void> {
    // The inspector may not know the script any more.
    const location = await firstStatement(this.cdp, script).catch(() => undefined);
    if (!location) return;
    const set = this.cdp.send('Debugger.setBreakpoint', { location });
    await set.then(({ breakpointId }) => this.#firsts.set(breakpointId, location), () => undefined);
  }

  /** Whether it is paused at a first statement as asked for. After that it is not any more. */
  takeFirst({ hitBreakpoints = [] }: Debugger.PausedEventDataType): boolean {
    const ids = hitBreakpoints.filter((id) => this.#firsts.delete(id));
    for (const breakpointId of ids) this.cdp.tell('Debugger.removeBreakpoint', { breakpointId });
    return ids.length > 0;
  }

  /** Makes room for a breakpoint of the person. */
  leaveFirst({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): void {
    for (const [breakpointId, at] of this.#firsts) {
      if (at.scriptId !== scriptId || at.lineNumber !== lineNumber || (at.columnNumber ?? 0) !== columnNumber) continue;
      this.#firsts.delete(breakpointId);
      this.cdp.tell('Debugger.removeBreakpoint', { breakpointId });
    }
  }

  /** The scripts of the program that have been read since this was asked last. */
  takeFresh(): Script[] {
    return this.#fresh.splice(0);
  }

  /** Whether a frame is in the program, and not in the runtime. */
  isOwn({ location }: Debugger.CallFrame): boolean {
    return this.scriptAt(location)?.internal === false;
  }

  /** Whether it is paused at this statement because the statement asks for that. */
  async isAtDebugger({ location }: Debugger.CallFrame): Promise<boolean> {
    const script = this.scriptAt(location);
    if (!script || script.internal) return false;
    const lines = (await this.sourceOf(script)).split('\n');
    return lines[location.lineNumber]?.startsWith('debugger', location.columnNumber ?? 0) === true;
  }

  async sourceOf({ id }: Script): Promise<string> {
    return (await this.cdp.send('Debugger.getScriptSource', { scriptId: id })).scriptSource;
  }

  #keep(script: Script): void {
    const { id, url, internal } = script;
    if (url === '' && this.#unnamed.push(id) > MAX_SCRIPTS) this.scripts.delete(this.#unnamed.shift() as string);
    // No function of WebAssembly has a name in a script, and its places are no statements.
    if (url !== '' && !internal && !url.startsWith('wasm:') && this.#fresh.push(script) > MAX_SCRIPTS) this.#fresh.shift();
  }

  #leave(): void {
    if (!this.#paused) return;
    this.#paused = undefined;
    this.#resumed(this);
  }
}
