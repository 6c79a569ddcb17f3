/**
 * The processes of a program in one conversation: each that the adapter tells of is debugged on a connection of its own, and
 * the client gets to know its threads as further ones of the program. As long as there is only the program, nothing is changed.
 */
import type { Duplex } from 'node:stream';
import { type Clock, within } from '../../base/clock.ts';
import type { ChildWish } from '../adapter.ts';
import { writable } from '../codec.ts';
import { type DapEvent, type DapRequest, type DapResponse, type Json, isObject, MAX_MESSAGE_BYTES, objects, textOf } from '../dap.ts';
import { Mending, type MendSides } from '../mend.ts';
import { eventFor } from '../tables.ts';
import { Child, type ChildParts } from './child.ts';
import { handlesOf, PLACES, routeOf } from './handles.ts';
import { ofThreads, resumed } from './threads.ts';

export interface FamilyParts {
  readonly clock: Clock;
  /** Connects to a port of the sandbox's own loopback. */
  connect(port: number): Promise<Duplex>;
  /** Reads how the adapter tells of a process. undefined: it tells something else. */
  wish(event: DapEvent): ChildWish | undefined;
  /** Aborts when the adapter is gone. */
  readonly halted: AbortSignal;
}

/** So many are debugged at a time. */
export const MAX_CHILDREN = 32;
/** So many are let go at a time, and so many may wait for that. */
const MAX_LEAVING = 8;
const MAX_UNWANTED = 1000;
/** How long one may take to be let go. */
const LEAVING_MS = 10_000;
/** How long a process may take to say what is asked of all. */
const ANSWER_MS = 2_000;
/** So many requests that set breakpoints are kept, and so many bytes of them. A process is told of each when it begins. */
const MAX_STOPS = 500;
const MAX_STOPS_BYTES = MAX_MESSAGE_BYTES;
/** So much may wait until the adapter takes it. */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Requests that say where every process is to stop. */
const EVERYWHERE = new Set(['setBreakpoints', 'setFunctionBreakpoints', 'setExceptionBreakpoints']);
/** Requests that let a thread go on, which may be to the end of its process. */
const RESUMING = new Set(['continue', 'next', 'stepIn', 'stepOut']);
/** What a child tells that means something to who debugs the program. */
const TOLD = new Set(['stopped', 'continued', 'thread', 'output', 'invalidated']);

export class Family extends Mending {
  readonly #parts: FamilyParts;
  readonly #children = new Map<number, Child>();
  /** Those that are debugged no more as soon as they are debugged, so that they run. */
  readonly #leaving = new Set<Child>();
  readonly #unwanted: ChildWish[] = [];
  /** How people know the children. */
  readonly #names = new Map<Child, string>();
  /** The threads of the program itself. */
  readonly #threads = new Set<number>();
  /** Where every process is to stop, by the command and the source. */
  readonly #stops = new Map<string, { readonly command: string; readonly args: Json; readonly bytes: number }>();
  #client: Json = {};
  #count = 0;
  #place = 0;
  #over = false;
  #isFull = false;
  /** Whether there are breakpoints that are not kept. */
  #isUnkept = false;
  /** Whether the program itself is over. */
  #exited = false;
  /** Resolves when the client has taken what it was told of processes. */
  #telling: Promise<void> = Promise.resolve();

  constructor(sides: MendSides, parts: FamilyParts) {
    super(sides);
    this.#parts = parts;
    parts.halted.addEventListener('abort', () => this.#leave(), { once: true });
  }

  protected override request(request: DapRequest): boolean {
    const { command, arguments: args = {} } = request;
    if (command === 'initialize') this.#client = { ...args, supportsRunInTerminalRequest: false };
    const route = routeOf(args);
    if (!route) return this.refuse(request, 'it names things of several processes');
    if (route.place === undefined && EVERYWHERE.has(command)) return this.#everywhere(request, args);
    if (this.#children.size === 0 && !route.place) return this.pass(request);
    if (command === 'threads') return this.settle(request, () => this.#allThreads(request));
    // One that the end of the program does not reach would hold up its debugger.
    if (command === 'terminate' || command === 'disconnect') for (const child of this.#children.values()) void child.ask('disconnect', { terminateDebuggee: true });
    if (!route.place) return this.pass(request);
    const child = this.#children.get(route.place);
    if (!child?.ready) return this.refuse(request, ENDED);
    return child.pass(request, route.args);
  }

  protected override response(response: DapResponse, { command, arguments: args = {} }: DapRequest): Promise<void> {
    if (command === 'disconnect') this.#leave();
    return command === 'continue' && response.success && this.#children.size > 0 ? this.#resumed(response, args.threadId, this.#threads) : this.tell(response);
  }

  protected override async event(event: DapEvent): Promise<void> {
    const wish = this.#parts.wish(event);
    if (wish) return this.#adopt(wish);
    if (event.event === 'exited') this.#exited = true;
    if (event.event === 'terminated') this.#leave();
    note(this.#threads, event);
    for (const each of this.#children.size > 0 ? ofThreads(event, this.#threads) : [event]) await this.tell(each);
  }

  /** What a child tells. */
  async #told(child: Child, message: DapResponse | DapEvent, asked?: DapRequest): Promise<void> {
    if (message.type === 'response') {
      if (this.#children.get(child.place) !== child) return;
      return asked?.command === 'continue' && message.success ? this.#resumed(message, isObject(asked.arguments) ? asked.arguments.threadId : undefined, child.threads) : this.tell(message);
    }
    const wish = this.#parts.wish(message);
    if (wish) return this.#adopt(wish);
    if (message.event === 'initialized') this.#begin(child);
    if (message.event === 'terminated') child.end();
    const usable = TOLD.has(message.event) ? eventFor(withoutHits(message), handlesOf(child.place)) : undefined;
    if (!usable || this.#children.get(child.place) !== child) return;
    note(child.threads, usable);
    for (const each of ofThreads(usable, child.threads)) await this.tell(each);
  }

  async #resumed(response: DapResponse, threadId: unknown, threads: ReadonlySet<number>): Promise<void> {
    if (response.body?.allThreadsContinued !== false) for (const each of resumed(threads, threadId)) await this.tell(each);
    await this.tell({ ...response, body: { ...response.body, allThreadsContinued: false } });
  }

  /** Resolves when another one may be told of. */
  async #adopt(wish: ChildWish): Promise<void> {
    if (this.#over) return;
    if (this.#children.size < MAX_CHILDREN) {
      const child = this.#child(wish, this.#nextPlace(), (from, message, asked) => this.#told(from, message, asked));
      this.#children.set(child.place, child);
      this.#names.set(child, `child ${++this.#count}`);
      void child.run();
    } else {
      if (!this.#isFull) this.#say('output', { category: 'console', output: `The program has more than ${MAX_CHILDREN} processes at a time. Further ones run without a debugger.\n` });
      this.#isFull = true;
      if (this.#unwanted.length < MAX_UNWANTED) this.#unwanted.push(wish);
      this.#letNextGo();
    }
    await this.#telling;
  }

  /** Tells what no message of an adapter is waited for with. */
  #say(event: string, body: Json): void {
    this.#telling = Promise.all([this.#telling, this.say(event, body)]).then(() => undefined);
  }

  #letNextGo(): void {
    const wish = this.#leaving.size < MAX_LEAVING && !this.#over ? this.#unwanted.shift() : undefined;
    if (!wish) return;
    const child = this.#child(wish, 0, (from, message) => this.#letGo(from, message));
    this.#leaving.add(child);
    void within(this.#parts.clock, LEAVING_MS, child.run()).then((isOver) => isOver || child.end());
  }

  #child(wish: ChildWish, place: number, told: ChildParts['told']): Child {
    return new Child({
      place,
      wish,
      client: this.#client,
      connect: this.#parts.connect,
      told,
      kept: () => this.#keep(),
      hasRoom: (bytes) => this.#all().reduce((sum, { waitingBytes }) => sum + waitingBytes, bytes) <= MAX_WAITING_BYTES,
      over: (from, fault) => this.#ended(from, fault),
    });
  }

  #all(): Child[] {
    return [...this.#children.values(), ...this.#leaving];
  }

  /** What has not arrived in full takes no more room than one message. The one that takes the most has to go. */
  #keep(): void {
    const all = this.#all();
    if (all.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0) <= MAX_MESSAGE_BYTES) return;
    const [largest] = all.sort((one, other) => other.bufferedBytes - one.bufferedBytes);
    largest?.end('runs on without a debugger, because its debugger has sent too much at once');
  }

  /** Places are taken in turn, so that what a client still knows of a process is not taken for that of the next one. */
  #nextPlace(): number {
    do this.#place = (this.#place % PLACES) + 1;
    while (this.#children.has(this.#place));
    return this.#place;
  }

  /** It runs nothing of the program before it knows where to stop. */
  #begin(child: Child): void {
    if (child.ready) return;
    child.ready = true;
    for (const { command, args } of [...this.#stops.values(), { command: 'configurationDone', args: {} }]) void this.#set(child, command, args);
  }

  /** Tells it what it must know to be debugged. */
  async #set(child: Child, command: string, args: Json): Promise<DapResponse | undefined> {
    const answer = await child.ask(command, args);
    if (!answer) child.end('runs on without a debugger, because its debugger does not take what it is told');
    return answer;
  }

  async #letGo(child: Child, message: DapResponse | DapEvent): Promise<void> {
    if (message.type !== 'event') return;
    // It has ended already.
    if (message.event === 'terminated') child.end();
    if (message.event !== 'initialized') return;
    void child.ask('configurationDone', {});
    void child.ask('disconnect', { terminateDebuggee: false }).then(() => child.end());
  }

  #ended(child: Child, fault: string | undefined): void {
    const name = this.#names.get(child);
    this.#names.delete(child);
    if (this.#leaving.delete(child)) return this.#letNextGo();
    this.#children.delete(child.place);
    for (const request of child.waiting) {
      if (RESUMING.has(request.command)) this.answer(request, request.command === 'continue' ? { allThreadsContinued: false } : {});
      else this.refuse(request, ENDED);
    }
    if (this.#over) return;
    if (fault !== undefined) this.#say('output', { category: 'console', output: `A process of the program (${name}) ${fault}\n` });
    for (const threadId of child.threads) this.#say('thread', { reason: 'exited', threadId });
  }

  /** What is set for every process is answered by the program, or by another process where the program is over. */
  #everywhere(request: DapRequest, args: Json): boolean {
    const { command } = request;
    this.#keepStops(request, args);
    const answers = [...this.#children.values()].filter(({ ready }) => ready).map((child) => this.#set(child, command, args));
    if (answers.length === 0) return this.pass(request);
    return this.settle(request, async () => {
      const own = await this.ask(command, args);
      if (!own) return this.refuse(request, 'too much waits for the debugger');
      const other = own.success || !this.#exited ? undefined : (await Promise.all(answers.map((answer) => this.#soon(answer)))).find((each) => each?.success);
      return this.tell({ ...(other ?? own), request_seq: request.seq });
    });
  }

  /** Keeps it for the processes to come. What there is no room for holds in those that are there. */
  #keepStops(request: DapRequest, args: Json): void {
    const { command } = request;
    const path = isObject(args.source) ? textOf(args.source.path) : '';
    const key = `${command} ${path}`;
    this.#stops.delete(key);
    if (path !== '' && [args.breakpoints, args.lines].every((list) => !Array.isArray(list) || list.length === 0)) return;
    const bytes = writable(request)?.length ?? Infinity;
    const kept = [...this.#stops.values()].reduce((sum, each) => sum + each.bytes, bytes);
    if (this.#stops.size < MAX_STOPS && kept <= MAX_STOPS_BYTES) return void this.#stops.set(key, { command, args, bytes });
    if (!this.#isUnkept) this.#say('output', { category: 'console', output: 'There are so many breakpoints that processes which the program starts from now on do not stop at all of them.\n' });
    this.#isUnkept = true;
  }

  /** What one has answered, if it comes soon. */
  async #soon(answer: Promise<DapResponse | undefined>): Promise<DapResponse | undefined> {
    return (await within(this.#parts.clock, ANSWER_MS, answer)) ? answer : undefined;
  }

  async #allThreads(request: DapRequest): Promise<void> {
    const children = [...this.#children.values()];
    const [own, ...others] = await Promise.all([this.ask('threads', {}), ...children.map((child) => this.#threadsOf(child))]);
    this.answer(request, { threads: [...objects(own?.body?.threads), ...others.flat()] });
  }

  /** Those of a child. One that does not say has those of which it has told. */
  async #threadsOf(child: Child): Promise<Json[]> {
    const name = this.#names.get(child);
    if (!child.ready) return [];
    const answer = await this.#soon(child.ask('threads', {}));
    if (this.#children.get(child.place) !== child) return [];
    const threads = answer?.success ? objects(answer.body?.threads) : [...child.threads].map((id) => ({ id, name: 'Thread' }));
    return threads.map((thread) => ({ ...thread, name: `${textOf(thread.name)} (${name})` }));
  }

  /** The program is over, or the client wants no more of it. */
  #leave(): void {
    this.#over = true;
    for (const child of this.#all()) child.end();
  }
}

const ENDED = 'the process has ended';

/** The breakpoints that a client knows are those of the program: it finds what was hit by its place. */
function withoutHits(event: DapEvent): DapEvent {
  const { hitBreakpointIds, ...body } = event.body ?? {};
  return hitBreakpointIds === undefined ? event : { ...event, body };
}

/** Keeps a list of threads as it is told of them. */
function note(threads: Set<number>, { event, body = {} }: DapEvent): void {
  const { reason, threadId } = body;
  if (event !== 'thread' || typeof threadId !== 'number') return;
  if (reason === 'exited') threads.delete(threadId);
  else if (threads.size < MAX_THREADS) threads.add(threadId);
}

/** No more threads of a process are told apart. */
const MAX_THREADS = 1000;
