/** Decides what it means that the inspector has paused a thread: whether the person is told, and why it stopped. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger } from 'node:inspector';
import type { Breakpoints, LineBreakpoint } from './breakpoints.ts';
import type { FunctionBreakpoint, FunctionBreakpoints } from './function-breakpoints.ts';
import { hitCondition } from './hit-condition.ts';
import { isBetween } from './scripts.ts';
import type { Stepping, Thread } from './thread.ts';

export interface StopParts {
  readonly lines: Breakpoints;
  readonly functions: FunctionBreakpoints;
  /**
   * A thread is paused before the first statement of a script. Returns whether it may be reported if something is to be
   * reported; false means that the program has not begun.
   */
  begun(thread: Thread): Promise<boolean>;
  /** Whether the thread is at the place where the person wants to stop first. */
  isEntry(thread: Thread, event: Debugger.PausedEventDataType): boolean;
  log(thread: Thread, frame: Debugger.CallFrame, breakpoint: LineBreakpoint): Promise<void>;
  stopped(body: DebugProtocol.StoppedEvent['body']): void;
}

/** How often a step goes on by itself where code comes from no source. */
const MAX_BETWEEN = 100;

type Hit = LineBreakpoint | FunctionBreakpoint;

export class Stops {
  readonly #parts: StopParts;
  #between = 0;

  constructor(parts: StopParts) {
    this.#parts = parts;
  }

  async paused(thread: Thread, event: Debugger.PausedEventDataType): Promise<void> {
    const [top] = event.callFrames;
    if (!top) return thread.resume();
    const { going } = thread;
    const atGate = thread.atGate(event);
    await thread.scriptAt(top.location)?.ready;
    await this.#parts.functions.look(thread, top);
    if (atGate && !(await this.#parts.begun(thread))) return thread.resume();
    const hits = await this.#hits(thread, event, top, atGate);
    const stopping = await this.#stopping(thread, top, hits);
    // The program may have ended or been let go meanwhile.
    if (thread.paused !== event) return;
    const reason = this.#reason(thread, event, { stopping, hits, atGate });
    if (reason) {
      this.#between = 0;
      const hitBreakpointIds = stopping.map(({ shown }) => shown.id as number);
      this.#parts.stopped({ ...reason, threadId: thread.id, allThreadsStopped: false, ...(hitBreakpointIds.length > 0 ? { hitBreakpointIds } : {}) });
    } else if (going.kind === 'run' || going.kind === 'pause') thread.resume();
    else this.#goOn(thread, event, going);
  }

  /** The breakpoints at this place whose conditions hold. */
  async #hits(thread: Thread, { hitBreakpoints = [] }: Debugger.PausedEventDataType, top: Debugger.CallFrame, atGate: boolean): Promise<Hit[]> {
    const { lines, functions } = this.#parts;
    const named = [...lines.named(thread, hitBreakpoints), ...functions.named(thread, hitBreakpoints)];
    if (!atGate) return named;
    // Those that were set after the thread was paused here are not named.
    const later = lines.at(thread, top.location).filter((each) => !named.includes(each));
    const holds = await Promise.all(later.map(({ asked: { condition } }) => isTrue(thread, top, condition)));
    return [...named, ...later.filter((_, at) => holds[at])];
  }

  /** Those that stop the thread. Log points do not. */
  async #stopping(thread: Thread, top: Debugger.CallFrame, hits: readonly Hit[]): Promise<Hit[]> {
    const stopping: Hit[] = [];
    for (const hit of hits) {
      hit.hits += 1;
      if (hit.asked.hitCondition && !hitCondition(hit.asked.hitCondition)?.(hit.hits)) continue;
      if ('path' in hit && hit.asked.logMessage) await this.#parts.log(thread, top, hit);
      else stopping.push(hit);
    }
    return stopping;
  }

  #reason(
    thread: Thread,
    event: Debugger.PausedEventDataType,
    { stopping, hits, atGate }: { readonly stopping: readonly Hit[]; readonly hits: readonly Hit[]; readonly atGate: boolean },
  ): { reason: string; description?: string; text?: string } | undefined {
    const { going } = thread;
    const { callFrames: { length: depth, 0: top }, reason, data } = event;
    const isEntry = this.#parts.isEntry(thread, event);
    if (reason === 'exception' || reason === 'promiseRejection') {
      const text = (data as { description?: string } | undefined)?.description?.split('\n')[0];
      return { reason: 'exception', description: 'Paused on an exception', ...(text ? { text } : {}) };
    }
    if (stopping.length > 0) return { reason: stopping.some((hit) => 'path' in hit) ? 'breakpoint' : 'function breakpoint' };
    if (isEntry) return { reason: 'entry' };
    if (going.kind === 'pause') return { reason: 'pause' };
    const unasked = atGate || hits.length > 0;
    if (going.kind === 'run') return unasked ? undefined : { reason: 'breakpoint', description: 'Paused on a debugger statement' };
    // A step over or out of something ends in no deeper frame, and not in the middle of where it began.
    if ((unasked || going.disturbed) && depth > lastDepth(going)) return undefined;
    if (going.disturbed && going.kind === 'next' && depth === going.depth && top?.location.lineNumber === going.from.lineNumber) return undefined;
    if (this.#isBetween(thread, top)) return undefined;
    return { reason: 'step' };
  }

  #isBetween(thread: Thread, top: Debugger.CallFrame | undefined): boolean {
    const script = top && thread.scriptAt(top.location);
    if (!script || !isBetween(script, { line: top.location.lineNumber, column: top.location.columnNumber ?? 0 })) return false;
    return (this.#between += 1) <= MAX_BETWEEN;
  }

  /** Something in the middle of a step does not concern the person. */
  #goOn(thread: Thread, { callFrames: { length: depth } }: Debugger.PausedEventDataType, going: Stepping): void {
    if (depth > lastDepth(going)) thread.again({ ...going, disturbed: true }, 'stepOut');
    else thread.again(going, going.kind === 'stepOut' ? 'next' : going.kind);
  }
}

/** In how many frames, at most, such a step ends. */
const lastDepth = ({ kind, depth }: Stepping) => ({ stepIn: Infinity, next: depth, stepOut: depth - 1 })[kind];

async function isTrue(thread: Thread, { callFrameId }: Debugger.CallFrame, condition: string | undefined): Promise<boolean> {
  if (!condition) return true;
  const { result, exceptionDetails } = await thread.cdp.send('Debugger.evaluateOnCallFrame', { callFrameId, expression: `Boolean(${condition}\n)`, silent: true, returnByValue: true });
  return !exceptionDetails && result.value === true;
}
