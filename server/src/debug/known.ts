/**
 * What a client may ask about: the threads, frames and values of which it was told, as long as they are there. Debuggers
 * differ in what they make of other numbers: some answer with another frame, and some end.
 */
import { type DapEvent, type Json, objects } from './dap.ts';

interface Place {
  /** The thread to which it belongs. undefined: no one is named. */
  readonly thread: unknown;
  /** When it was asked for, or told of by itself. */
  readonly at: number;
}

/** So many frames, and so many values, are known. Those that were told first are forgotten first. */
const MAX_PLACES = 100_000;
const MAX_THREADS = 100_000;
/** The requests after which a thread goes on. */
const RESUMING: ReadonlySet<string> = new Set(['continue', 'next', 'stepIn', 'stepOut']);

export class Known {
  /** The threads, with when each was told last. Empty: the client was told of none, and nobody knows which there are. */
  readonly #threads = new Map<unknown, number>();
  readonly #frames = new Map<unknown, Place>();
  readonly #values = new Map<unknown, Place>();
  #now = 0;
  /** When a client has last asked that a thread go on: it is not known whether it was the only one that did. */
  #resumed = 0;
  /** What was told, or asked for, before these moments is not there any more: of each thread, and of all. */
  readonly #gone = new Map<unknown, number>();
  #allGone = 0;

  /** The client asks for something. @returns the moment, for `answered` */
  asked(): number {
    return ++this.#now;
  }

  /** Why a request with these arguments cannot be answered. undefined: it can. */
  missing({ threadId, frameId, variablesReference }: Json): string | undefined {
    if (isNamed(threadId) && this.#threads.size > 0 && !this.#threads.has(threadId)) return 'there is no such thread: it may have ended';
    if (isNamed(frameId) && !this.#isThere(this.#frames.get(frameId))) return 'there is no such frame: the program may have gone on since it was told';
    if (isNamed(variablesReference) && !this.#isThere(this.#values.get(variablesReference))) return 'there is no such value: the program may have gone on since it was told';
    return undefined;
  }

  /** The client is told of a success. `asked`: the arguments of its request; `since`: the moment of that. */
  answered(command: string, asked: Json, body: Json, since: number): void {
    const place = { thread: this.#threadOf(asked), at: since };
    if (command === 'threads') this.#all(objects(body.threads), since);
    if (command === 'stackTrace') for (const { id } of objects(body.stackFrames)) this.#keep(this.#frames, id, place);
    for (const each of [body, ...objects(body.scopes), ...objects(body.variables)]) this.#keep(this.#values, each.variablesReference, place);
    if (!RESUMING.has(command)) return;
    this.#resumed = Math.max(this.#resumed, since);
    this.#forget(since, command === 'continue' && body.allThreadsContinued !== false ? undefined : place);
  }

  /** The client is told of an event. */
  told({ event, body = {} }: DapEvent): void {
    this.#now++;
    const { threadId: thread } = body;
    if (event === 'output') this.#keep(this.#values, body.variablesReference, { thread: undefined, at: this.#now });
    if (event === 'thread' && body.reason === 'exited') this.#leave(thread);
    else if (event === 'thread' || event === 'stopped' || event === 'continued') this.#thread(thread);
    if (event === 'continued') this.#forget(this.#now, body.allThreadsContinued === false ? { thread } : undefined);
    if (event === 'stopped') this.#forget(this.#resumed, body.allThreadsStopped === true ? undefined : { thread });
  }

  /** The thread of what these arguments name. */
  #threadOf({ threadId, frameId, variablesReference }: Json): unknown {
    return threadId ?? (this.#frames.get(frameId) ?? this.#values.get(variablesReference))?.thread;
  }

  /** These are all threads, but for those that were told since. */
  #all(threads: readonly Json[], since: number): void {
    for (const [id, at] of this.#threads) if (at <= since) this.#threads.delete(id);
    for (const { id } of threads) this.#thread(id);
  }

  #thread(id: unknown): void {
    if (isNamed(id) && (this.#threads.has(id) || this.#threads.size < MAX_THREADS)) this.#threads.set(id, this.#now);
  }

  /** Nothing of a thread that has ended is there. */
  #leave(thread: unknown): void {
    this.#threads.delete(thread);
    this.#gone.delete(thread);
    for (const places of [this.#frames, this.#values]) {
      for (const [handle, place] of places) if (place.thread === thread) places.delete(handle);
    }
  }

  #keep(places: Map<unknown, Place>, handle: unknown, place: Place): void {
    if (!isNamed(handle) || (places === this.#values && handle === 0)) return;
    places.delete(handle);
    places.set(handle, place);
    if (places.size > MAX_PLACES) places.delete(places.keys().next().value);
  }

  /** What was told, or asked for, before that moment is not there any more. `of`: only what belongs to this thread. */
  #forget(until: number, of: Pick<Place, 'thread'> | undefined): void {
    if (of && (this.#gone.has(of.thread) || this.#gone.size < MAX_THREADS)) this.#gone.set(of.thread, Math.max(until, this.#gone.get(of.thread) ?? 0));
    else this.#allGone = Math.max(until, this.#allGone);
  }

  #isThere(place: Place | undefined): boolean {
    return place !== undefined && place.at >= Math.max(this.#allGone, this.#gone.get(place.thread) ?? 0);
  }
}

function isNamed(handle: unknown): boolean {
  return handle !== undefined && handle !== null;
}
