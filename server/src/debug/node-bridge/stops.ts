/** Decides what it means that the inspector has paused a thread: whether the person is told, and why it stopped. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger } from 'node:inspector';
import type { Breakpoints, LineBreakpoint } from './breakpoints.ts';
import { failureOf } from './condition.ts';
import type { FunctionBreakpoint, FunctionBreakpoints } from './function-breakpoints.ts';
import { hitCondition } from './hit-condition.ts';
import { isBetween } from './scripts.ts';
import type { Stepping, Thread } from './thread.ts';

export interface StopParts {
  readonly lines: Breakpoints;
  readonly functions: FunctionBreakpoints;
  /** A thread is paused, for whatever reason. Resolves with whether the program has begun: false while only what comes before it has run. */
  begun(): Promise<boolean>;
  /** Has the inspector pass over a breakpoint where its condition fails. */
  pass(breakpoint: LineBreakpoint): Promise<void>;
  /** Whether the first statement of a script is where the program begins, and the person wants to stop there. */
  isEntry(thread: Thread, top: Debugger.CallFrame): boolean;
  log(thread: Thread, frame: Debugger.CallFrame, breakpoint: LineBreakpoint): Promise<void>;
  /** Tells that the condition of a breakpoint has failed. */
  failed(breakpoint: Hit, fault: string): void;
  stopped(body: DebugProtocol.StoppedEvent['body']): void;
}

type Reason = Pick<DebugProtocol.StoppedEvent['body'], 'reason' | 'description' | 'text'>;

export type Hit = LineBreakpoint | FunctionBreakpoint;

/** How often a thread goes on by itself where neither the runtime nor a compiler has left a place for people. */
const MAX_SKIPS = 200;
/** How many statements of the runtime a step into something goes through, in search of what it calls. */
const MAX_INSIDE = 30;

export class Stops {
  readonly #parts: StopParts;
  #skips = 0;

  constructor(parts: StopParts) {
    this.#parts = parts;
  }

  async paused(thread: Thread, event: Debugger.PausedEventDataType): Promise<void> {
    const [top] = event.callFrames;
    if (!top) return thread.resume();
    // Then all breakpoints are set that can be.
    await Promise.all([...thread.scripts.values()].map(({ ready }) => ready));
    await this.#parts.functions.look(thread, event);
    if (!(await this.#parts.begun())) return thread.resume();
    if (this.#parts.functions.waiting(thread).length > 0) await Promise.all(thread.takeFresh().map((script) => thread.pauseAtFirst(script)));
    const isFirst = thread.takeFirst(event);
    const { hitBreakpoints = [] } = event;
    const hits = [...this.#parts.lines.named(thread, hitBreakpoints), ...this.#parts.functions.named(thread, hitBreakpoints)];
    const stopping = await this.#stopping(thread, top, hits);
    let reason = stopping.length > 0 ? reasonOf(stopping) : await this.#reason(thread, event, top, hits.length > 0 || isFirst);
    if (!reason && isFirst && this.#parts.isEntry(thread, top)) reason = { reason: 'entry' };
    // It may have been let go, or have ended, meanwhile.
    if (thread.paused !== event) return;
    if (!reason) return this.#goOn(thread, event, top);
    this.#skips = 0;
    const hitBreakpointIds = stopping.map(({ shown }) => shown.id as number);
    this.#parts.stopped({ ...reason, threadId: thread.id, allThreadsStopped: false, ...(hitBreakpointIds.length > 0 ? { hitBreakpointIds } : {}) });
  }

  /** Those that stop the thread. Log points do not. */
  async #stopping(thread: Thread, top: Debugger.CallFrame, hits: readonly Hit[]): Promise<Hit[]> {
    const stopping: Hit[] = [];
    for (const hit of hits) {
      if (await this.#failing(thread, top, hit)) continue;
      hit.hits += 1;
      if (hit.asked.hitCondition && !hitCondition(hit.asked.hitCondition)?.(hit.hits)) continue;
      if ('path' in hit && hit.asked.logMessage) await this.#parts.log(thread, top, hit);
      else stopping.push(hit);
    }
    return stopping;
  }

  /** Whether it was hit because its condition fails. That is told once. */
  async #failing(thread: Thread, top: Debugger.CallFrame, hit: Hit): Promise<boolean> {
    const { condition } = hit.asked;
    const fault = condition ? await failureOf(thread, top, condition) : undefined;
    if (fault === undefined) return false;
    if (!hit.failed) this.#parts.failed(hit, fault);
    // A thread that does not answer would hold up this one.
    if ('path' in hit) void this.#parts.pass(hit).catch(() => undefined);
    hit.failed = true;
    return true;
  }

  /** Why the person is told, where there is no breakpoint; undefined where the thread goes on. */
  async #reason(thread: Thread, { callFrames: { length: depth }, reason, data }: Debugger.PausedEventDataType, top: Debugger.CallFrame, isHit: boolean): Promise<Reason | undefined> {
    const { going } = thread;
    if (reason === 'exception' || reason === 'promiseRejection') {
      const { description, uncaught } = (data ?? {}) as { readonly description?: string; readonly uncaught?: boolean };
      // What the runtime throws and catches is its own affair.
      if (!uncaught && !thread.isOwn(top)) return undefined;
      const text = description?.split('\n')[0];
      return { reason: 'exception', description: 'Paused on an exception', ...(text ? { text } : {}) };
    }
    const isDeeper = going.kind === 'run' || (going.kind !== 'pause' && depth > lastDepth(going));
    if (!isHit && isDeeper && (await thread.isAtDebugger(top))) return { reason: 'breakpoint', description: 'Paused on a debugger statement' };
    if (going.kind === 'run') return undefined;
    if (this.#skips >= MAX_SKIPS) return { reason: going.kind === 'pause' ? 'pause' : 'step' };
    if (!thread.isOwn(top)) return undefined;
    if (going.kind === 'pause') return { reason: 'pause' };
    // A step over or out of something ends in no deeper frame, and not in the middle of where it began.
    if (isDeeper) return undefined;
    if (going.disturbed && going.kind === 'next' && depth === going.depth && top.location.lineNumber === going.from.lineNumber) return undefined;
    const script = thread.scriptAt(top.location);
    if (script && isBetween(script, { line: top.location.lineNumber, column: top.location.columnNumber ?? 0 })) return undefined;
    return { reason: 'step' };
  }

  /** What has paused the thread does not concern the person: it goes on with what it was told to do. */
  #goOn(thread: Thread, { callFrames }: Debugger.PausedEventDataType, top: Debugger.CallFrame): void {
    const { going } = thread;
    this.#skips += 1;
    if (going.kind === 'run') thread.resume();
    else if (going.kind === 'pause') thread.pauseAgain();
    else this.#stepOn(thread, callFrames, top, going);
  }

  #stepOn(thread: Thread, callFrames: readonly Debugger.CallFrame[], top: Debugger.CallFrame, going: Stepping): void {
    if (thread.isOwn(top)) {
      if (callFrames.length > lastDepth(going)) thread.again({ ...going, disturbed: true }, 'stepOut');
      else thread.again(going, going.kind === 'stepOut' ? 'next' : going.kind);
    } else if (going.kind === 'stepIn' && callFrames.length > going.depth && this.#skips < MAX_INSIDE) thread.again(going, 'stepIn');
    // The step has left the program: below there is only the runtime.
    else if (callFrames.some((frame) => thread.isOwn(frame))) thread.again({ ...going, disturbed: true }, 'stepOut');
    else thread.resume();
  }
}

const reasonOf = (stopping: readonly Hit[]): Reason => ({ reason: stopping.some((hit) => 'path' in hit) ? 'breakpoint' : 'function breakpoint' });

/** In how many frames, at most, such a step ends. */
const lastDepth = ({ kind, depth }: Stepping) => ({ stepIn: Infinity, next: depth, stepOut: depth - 1 })[kind];
