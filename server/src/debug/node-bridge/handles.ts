/** The numbers by which the client asks for frames and for what is in values, as long as their thread is paused. */
import type { Debugger } from 'node:inspector';
import type { Thread } from './thread.ts';

export interface FrameHandle {
  readonly thread: Thread;
  /** Undefined for what a function was called by before something asynchronous: that is no longer there. */
  readonly frame: Debugger.CallFrame | undefined;
}

/** What has variables in it. */
export type Container = { readonly thread: Thread; readonly frame?: Debugger.CallFrame | undefined } & (
  | { readonly kind: 'scope'; readonly number: number; readonly scope: Debugger.Scope }
  | { readonly kind: 'object'; readonly objectId: string; readonly length?: number | undefined; readonly path?: string | undefined }
  /** The value of a getter, which is computed only when somebody looks. */
  | { readonly kind: 'getter'; readonly objectId: string; readonly name: string }
);

/** The client may ask for what it has been told about this many values of a running program. */
const MAX_LASTING = 1000;

export class Handles {
  #last = 0;
  readonly #frames = new Map<number, FrameHandle>();
  readonly #containers = new Map<number, Container>();
  readonly #lasting: number[] = [];

  frame(handle: FrameHandle): number {
    this.#frames.set(++this.#last, handle);
    return this.#last;
  }

  container(container: Container): number {
    this.#containers.set(++this.#last, container);
    if (!container.thread.paused) {
      this.#lasting.push(this.#last);
      if (this.#lasting.length > MAX_LASTING) this.#containers.delete(this.#lasting.shift() as number);
    }
    return this.#last;
  }

  /** @throws Error where the thread has gone on since */
  frameOf(id: number): FrameHandle {
    const found = this.#frames.get(id);
    if (!found) throw new Error('The program has gone on since it was in this frame.');
    return found;
  }

  /** @throws Error where the thread has gone on since */
  containerOf(id: number): Container {
    const found = this.#containers.get(id);
    if (!found) throw new Error('The program has gone on since it had this value.');
    return found;
  }

  forget(thread: Thread): void {
    for (const [id, handle] of this.#frames) if (handle.thread === thread) this.#frames.delete(id);
    for (const [id, handle] of this.#containers) if (handle.thread === thread) this.#containers.delete(id);
  }
}
