/** The frames of a paused thread, and the scopes of each. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger, Runtime } from 'node:inspector';
import type { Handles } from './handles.ts';
import { sourcePlace } from './scripts.ts';
import { clean, cleanName } from './show.ts';
import type { Sources } from './sources.ts';
import type { Thread } from './thread.ts';
import type { View } from './view.ts';

/** How many frames are answered at once. */
const MAX_FRAMES = 1000;

/** What is shown of a scope that is not called as it is. */
const TITLES: Readonly<Record<string, string>> = { local: 'Local', closure: 'Closure', block: 'Block', catch: 'Catch', with: 'With', module: 'Module', script: 'Script', eval: 'Eval', global: 'Global' };

type Row = { readonly frame: Debugger.CallFrame } | { readonly called: Runtime.CallFrame } | { readonly label: string };

export class Stack {
  readonly #handles: Handles;
  readonly #sources: Sources;
  /** The number of each frame of a thread, as long as it is paused there. */
  readonly #ids = new WeakMap<Debugger.CallFrame, number>();

  constructor(handles: Handles, sources: Sources) {
    this.#handles = handles;
    this.#sources = sources;
  }

  async frames(thread: Thread, view: View, { startFrame = 0, levels = 0 }: Omit<DebugProtocol.StackTraceArguments, 'threadId'>): Promise<DebugProtocol.StackTraceResponse['body']> {
    if (!thread.paused) throw new Error('The thread is running.');
    const rows = rowsOf(thread, thread.paused);
    const wanted = rows.slice(startFrame, startFrame + Math.min(levels || MAX_FRAMES, MAX_FRAMES));
    return { stackFrames: await Promise.all(wanted.map((row) => this.#show(thread, row, view))), totalFrames: rows.length };
  }

  scopes(frameId: number, view: View): DebugProtocol.Scope[] {
    const { thread, frame } = this.#handles.frameOf(frameId);
    return (frame?.scopeChain ?? []).map((scope, number) => {
      const { type, name, startLocation, endLocation } = scope;
      const script = startLocation && thread.scriptAt(startLocation);
      const range = script && startLocation && endLocation && !script.mapped ? { ...view.show(placeOf(startLocation)), ...endOf(view, endLocation) } : {};
      const title = TITLES[type] ?? type;
      return {
        name: type === 'closure' && name ? `${title} (${cleanName(name)})` : title,
        variablesReference: this.#handles.container({ kind: 'scope', thread, frame, number, scope }),
        expensive: type === 'global',
        ...(type === 'local' ? { presentationHint: 'locals' } : {}),
        ...range,
      };
    });
  }

  async #show(thread: Thread, row: Row, view: View): Promise<DebugProtocol.StackFrame> {
    if ('label' in row) return { id: this.#handles.frame({ thread, frame: undefined }), name: row.label, line: 0, column: 0, presentationHint: 'label' };
    const location = 'frame' in row ? row.frame.location : row.called;
    const name = clean(('frame' in row ? row.frame : row.called).functionName || '(anonymous)', 300);
    const script = thread.scripts.get(location.scriptId);
    const id = 'frame' in row ? this.#idOf(thread, row.frame) : this.#handles.frame({ thread, frame: undefined });
    if (!script) return { id, name, line: 0, column: 0 };
    await script.ready.catch(() => undefined);
    const place = sourcePlace(script, placeOf(location));
    return { id, name, source: this.#sources.of(thread, place), ...view.show(place), ...(script.internal ? { presentationHint: 'subtle' as const } : {}) };
  }

  #idOf(thread: Thread, frame: Debugger.CallFrame): number {
    const id = this.#ids.get(frame) ?? this.#handles.frame({ thread, frame });
    this.#ids.set(frame, id);
    return id;
  }
}

const placeOf = ({ lineNumber, columnNumber = 0 }: { readonly lineNumber: number; readonly columnNumber?: number | undefined }) => ({ line: lineNumber, column: columnNumber });

function endOf(view: View, location: Debugger.Location) {
  const { line, column } = view.show(placeOf(location));
  return { endLine: line, endColumn: column };
}

/** The frames of the thread, and below them those of what has called it asynchronously, each group under a line that says how. */
function rowsOf(thread: Thread, { callFrames, asyncStackTrace }: Debugger.PausedEventDataType): Row[] {
  const rows: Row[] = callFrames.map((frame) => ({ frame }));
  for (let trace = asyncStackTrace; trace; trace = trace.parent) {
    const own = trace.callFrames.filter(({ scriptId }) => thread.scripts.get(scriptId)?.internal === false);
    if (own.length === 0) continue;
    rows.push({ label: clean(trace.description || 'async', 100) }, ...own.map((called) => ({ called })));
  }
  return rows;
}
