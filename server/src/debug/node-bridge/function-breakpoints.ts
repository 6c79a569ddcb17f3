/**
 * The breakpoints on functions that are named. The inspector knows functions only as values, so a name is looked up in each
 * script before its first statement, where the functions that it declares are already there, and wherever a thread stops.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger } from 'node:inspector';
import type { BreakpointParts } from './breakpoints.ts';
import { stoppingCondition, syntaxFault } from './condition.ts';
import { hitCondition } from './hit-condition.ts';
import type { Thread } from './thread.ts';

export interface FunctionBreakpoint {
  readonly asked: DebugProtocol.FunctionBreakpoint;
  readonly bound: { readonly thread: Thread; readonly id: string }[];
  hits: number;
  /** Whether it has been told that its condition fails. */
  failed?: boolean;
  shown: DebugProtocol.Breakpoint;
}

/** A name, or names with dots between. Nothing else is evaluated. */
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.#?[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u;

/** In how many frames a name is looked up. A frame knows only those names of functions around it that it uses. */
const MAX_FRAMES = 8;

export class FunctionBreakpoints {
  readonly #parts: Pick<BreakpointParts, 'nextId' | 'threads' | 'changed'>;
  #all: FunctionBreakpoint[] = [];

  constructor(parts: Pick<BreakpointParts, 'nextId' | 'threads' | 'changed'>) {
    this.#parts = parts;
  }

  /** Replaces them all. */
  async set(asked: readonly DebugProtocol.FunctionBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    for (const { bound } of this.#all) for (const { thread, id } of bound) thread.cdp.tell('Debugger.removeBreakpoint', { breakpointId: id });
    this.#all = asked.map((each) => {
      const isFault = !NAME.test(each.name) || (each.hitCondition !== undefined && each.hitCondition !== '' && !hitCondition(each.hitCondition));
      const message = isFault ? 'This is no name of a function, or no condition.' : 'No function of this name is known yet.';
      return { asked: each, bound: [], hits: 0, shown: { id: this.#parts.nextId(), verified: false, message, reason: isFault ? 'failed' : 'pending' } };
    });
    for (const thread of this.#parts.threads()) {
      await Promise.all(this.#all.map((each) => this.#isReadable(thread, each)));
      if (thread.paused) await this.look(thread, thread.paused, () => undefined);
    }
    return this.#all.map(({ shown }) => shown);
  }

  /** One whose condition cannot be read is not set, and says so. */
  async #isReadable(thread: Thread, breakpoint: FunctionBreakpoint): Promise<boolean> {
    const { asked: { condition }, shown } = breakpoint;
    const fault = condition && shown.reason !== 'failed' ? await syntaxFault(thread, condition) : undefined;
    if (fault !== undefined) breakpoint.shown = { id: shown.id, verified: false, message: fault, reason: 'failed' };
    return breakpoint.shown.reason !== 'failed';
  }

  /** Looks for the functions that have not been found yet, from the place where a thread is paused. */
  async look(thread: Thread, { callFrames }: Debugger.PausedEventDataType, changed = this.#parts.changed): Promise<void> {
    const frames = callFrames.filter((frame) => thread.isOwn(frame)).slice(0, MAX_FRAMES);
    await Promise.all(this.waiting(thread).map(async (each) => {
      const { name, condition } = each.asked;
      const found = await Promise.all(frames.map(({ callFrameId }) => thread.cdp.send('Debugger.evaluateOnCallFrame', { callFrameId, expression: name, silent: true, throwOnSideEffect: true })));
      const objectId = found.find(({ result }) => result.type === 'function')?.result.objectId;
      if (objectId === undefined || !(await this.#isReadable(thread, each))) return;
      const { breakpointId } = await thread.cdp.send('Debugger.setBreakpointOnFunctionCall', { objectId, condition: stoppingCondition(condition) });
      each.bound.push({ thread, id: breakpointId });
      each.shown = { id: each.shown.id, verified: true };
      changed(each.shown);
    })).catch(() => undefined);
  }

  waiting(thread: Thread): FunctionBreakpoint[] {
    return this.#all.filter(({ bound, shown }) => shown.reason !== 'failed' && !bound.some((each) => each.thread === thread));
  }

  /** Those that the inspector names. */
  named(thread: Thread, ids: readonly string[]): FunctionBreakpoint[] {
    return this.#all.filter(({ bound }) => bound.some((each) => each.thread === thread && ids.includes(each.id)));
  }

  forget(thread: Thread): void {
    for (const { bound } of this.#all) bound.splice(0, Infinity, ...bound.filter((each) => each.thread !== thread));
  }

  reset(): void {
    for (const each of this.#all) each.hits = 0;
  }
}
