/** The breakpoints in lines of sources, and how they are set in the scripts of each thread. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger } from 'node:inspector';
import { stoppingCondition, syntaxFault } from './condition.ts';
import { hitCondition } from './hit-condition.ts';
import { partsOf } from './log-message.ts';
import type { Paths } from './paths.ts';
import { generatedPlace, isMadeFrom, sourcePlace, type Script } from './scripts.ts';
import type { Sources } from './sources.ts';
import type { Thread } from './thread.ts';
import type { View } from './view.ts';

/** A breakpoint that is set in a script. */
interface Bound {
  readonly thread: Thread;
  readonly id: string;
  readonly at: Debugger.Location;
}

export interface LineBreakpoint {
  readonly id: number;
  readonly path: string;
  readonly asked: DebugProtocol.SourceBreakpoint;
  /** The reference of a source that is no file. */
  readonly reference: DebugProtocol.Source | undefined;
  readonly bound: Bound[];
  hits: number;
  /** Whether it has been told that its condition fails. */
  failed?: boolean;
  shown: DebugProtocol.Breakpoint;
}

export interface BreakpointParts {
  readonly paths: Paths;
  readonly sources: Sources;
  /** How the client counts. */
  view(): View;
  /** A number for a new breakpoint of any kind. */
  nextId(): number;
  /** The threads in which to set breakpoints. */
  threads(): Iterable<Thread>;
  /** What is known about a breakpoint has changed. */
  changed(breakpoint: DebugProtocol.Breakpoint): void;
}

const WAITS = 'No script that is loaded has this line.';

export class Breakpoints {
  readonly #parts: BreakpointParts;
  readonly #byPath = new Map<string, LineBreakpoint[]>();

  constructor(parts: BreakpointParts) {
    this.#parts = parts;
  }

  /** Replaces the breakpoints of one source. Those that are asked for again stay as they are. */
  async set(source: DebugProtocol.Source, asked: readonly DebugProtocol.SourceBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    const isFile = source.path !== undefined && !source.sourceReference;
    const path = isFile ? this.#parts.paths.named(source.path as string) : (source.path ?? '');
    const old = this.#byPath.get(path) ?? [];
    const wanted = asked.map((each) => take(old, each) ?? this.#make(path, isFile ? undefined : source, each));
    this.#byPath.set(path, wanted);
    for (const { bound } of old) for (const { thread, id } of bound) thread.cdp.tell('Debugger.removeBreakpoint', { breakpointId: id });
    await Promise.all(wanted.filter(({ bound }) => bound.length === 0).map((each) => this.#setEverywhere(each)));
    return wanted.map(({ shown }) => shown);
  }

  /** Sets the breakpoints in a script that has just been loaded. */
  async bind(thread: Thread, script: Script): Promise<void> {
    const here = [...this.#byPath].filter(([path]) => isMadeFrom(script, path)).flatMap(([, each]) => each);
    await Promise.all(here.filter(({ shown }) => !isFault(shown)).map(async (each) => {
      const isChanged = !(await this.#isReadable(thread, each)) || (await this.#setIn(each, thread, script));
      if (isChanged) this.#parts.changed(each.shown);
    }));
  }

  /** The files that have breakpoints. */
  paths(): string[] {
    return [...this.#byPath].filter(([, each]) => each.some(({ shown }) => !isFault(shown))).map(([path]) => path);
  }

  /** Those that the inspector names. */
  named(thread: Thread, ids: readonly string[]): LineBreakpoint[] {
    return this.#all().filter(({ bound }) => bound.some((each) => each.thread === thread && ids.includes(each.id)));
  }

  /** Its condition has failed, and that has been told. Where it fails again the inspector passes over it. Breakpoints are set one after the other, and so is this. */
  async pass(breakpoint: LineBreakpoint): Promise<void> {
    breakpoint.failed = true;
    const { asked: { condition = '' }, bound } = breakpoint;
    await Promise.all(bound.map(async ({ thread, id, at }) => {
      // The client has replaced it meanwhile.
      if (!this.#all().some((each) => each.bound.some((one) => one.thread === thread && one.id === id))) return;
      await thread.cdp.send('Debugger.removeBreakpoint', { breakpointId: id });
      const { breakpointId } = await thread.cdp.send('Debugger.setBreakpoint', { location: at, condition });
      for (const each of this.#all()) each.bound.splice(0, Infinity, ...each.bound.map((one) => (one.thread === thread && one.id === id ? { ...one, id: breakpointId } : one)));
    }));
  }

  /** A thread has ended, and its scripts with it. */
  forget(thread: Thread): void {
    for (const { bound } of this.#all()) bound.splice(0, Infinity, ...bound.filter((each) => each.thread !== thread));
  }

  /** The program begins again. */
  reset(): void {
    for (const each of this.#all()) each.hits = 0;
  }

  #all(): LineBreakpoint[] {
    return [...this.#byPath.values()].flat();
  }

  #make(path: string, reference: DebugProtocol.Source | undefined, asked: DebugProtocol.SourceBreakpoint): LineBreakpoint {
    const id = this.#parts.nextId();
    const fault = asked.hitCondition && !hitCondition(asked.hitCondition) ? `${JSON.stringify(asked.hitCondition)} is no condition for a number of hits.` : undefined;
    return { id, path, asked, reference, bound: [], hits: 0, shown: { id, verified: false, line: asked.line, message: fault ?? WAITS, reason: fault ? 'failed' : 'pending' } };
  }

  async #setEverywhere(breakpoint: LineBreakpoint): Promise<void> {
    if (isFault(breakpoint.shown)) return;
    for (const thread of this.#parts.threads()) {
      if (!(await this.#isReadable(thread, breakpoint))) return;
      const scripts = [...thread.scripts.values()].filter((script) => this.#isIn(breakpoint, thread, script));
      await Promise.all(scripts.map((script) => this.#setIn(breakpoint, thread, script)));
    }
  }

  /** One whose condition or message cannot be read is not set, and says so. */
  async #isReadable(thread: Thread, breakpoint: LineBreakpoint): Promise<boolean> {
    const fault = await faultOf(thread, breakpoint.asked);
    if (fault !== undefined) breakpoint.shown = { id: breakpoint.id, verified: false, line: breakpoint.asked.line, message: fault, reason: 'failed' };
    return fault === undefined;
  }

  #isIn({ path, reference }: LineBreakpoint, thread: Thread, script: Script): boolean {
    if (!reference) return isMadeFrom(script, path);
    return script.path === undefined && this.#parts.sources.of(thread, { script }).sourceReference === reference.sourceReference;
  }

  /** Returns whether it is set now. */
  async #setIn(breakpoint: LineBreakpoint, thread: Thread, script: Script): Promise<boolean> {
    const { asked, path, reference, bound, id } = breakpoint;
    const { sources } = this.#parts;
    const view = this.#parts.view();
    const wanted = view.read(asked.line, asked.column);
    const place = reference ? wanted : generatedPlace(script, path, wanted);
    if (!place) return false;
    const location = { scriptId: script.id, lineNumber: place.line, columnNumber: place.column };
    thread.leaveFirst(location);
    const condition = breakpoint.failed ? asked.condition : stoppingCondition(asked.condition);
    try {
      const { breakpointId, actualLocation } = await thread.cdp.send('Debugger.setBreakpoint', { location, ...(condition ? { condition } : {}) });
      bound.push({ thread, id: breakpointId, at: actualLocation });
      const actual = sourcePlace(script, { line: actualLocation.lineNumber, column: actualLocation.columnNumber ?? 0 });
      breakpoint.shown = { id, verified: true, ...view.show(actual), source: sources.of(thread, actual) };
      return true;
    } catch {
      return this.#share(breakpoint, thread, script, location);
    }
  }

  /** The inspector sets two breakpoints at one place only once. */
  #share(breakpoint: LineBreakpoint, thread: Thread, script: Script, { lineNumber, columnNumber }: Debugger.Location): boolean {
    const suffix = `:${lineNumber}:${columnNumber ?? 0}:${script.id}`;
    const other = this.#all().flatMap(({ bound, shown }) => bound.map((each) => ({ ...each, shown }))).find((each) => each.thread === thread && each.id.endsWith(suffix));
    if (!other) return false;
    breakpoint.bound.push({ thread, id: other.id, at: other.at });
    breakpoint.shown = { ...other.shown, id: breakpoint.id };
    return true;
  }
}

/** Takes the breakpoint that is the same as what is asked for out of a list. */
function take(old: LineBreakpoint[], asked: DebugProtocol.SourceBreakpoint): LineBreakpoint | undefined {
  const key = keyOf(asked);
  const at = old.findIndex((each) => keyOf(each.asked) === key);
  return at < 0 ? undefined : old.splice(at, 1)[0];
}

const keyOf = ({ line, column, condition, hitCondition: hits, logMessage }: DebugProtocol.SourceBreakpoint) => JSON.stringify([line, column, condition, hits, logMessage]);

const isFault = ({ reason }: DebugProtocol.Breakpoint) => reason === 'failed';

/** What is wrong with the syntax of a condition, or of what a log point shows. */
async function faultOf(thread: Thread, { condition, logMessage = '' }: DebugProtocol.SourceBreakpoint): Promise<string | undefined> {
  const expressions = [condition ?? '', ...partsOf(logMessage).flatMap((part) => ('expression' in part ? [part.expression] : []))];
  const faults = await Promise.all(expressions.filter((each) => each !== '').map((each) => syntaxFault(thread, each)));
  return faults.find((fault) => fault !== undefined);
}
