/**
 * The gate before scripts, where the inspector itself has one: it pauses each thread before a script runs, for whoever asks
 * for that. Pauses at scripts that have no gate are ended here, and the bridge hears nothing of them.
 */
import { BEGIN, GATE } from './channel.ts';
import { isGated, type Gate } from './gate.ts';

/** What runs before the program in Deno (runtime/kinds/deno/bootstrap.mjs) waits until a variable of this name is there. */
const BEGUN = 'codebeaker debugger';
/** The numbers of the messages that are sent from here. Those of the bridge are lower. */
const OWN = 1_000_000_000;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly breakpointId?: string };
  readonly params?: { readonly reason?: string; readonly data?: { readonly url?: string }; readonly sessionId?: string; readonly message?: string; readonly gate?: Gate };
}

/** One thread. `gate`: the name of what pauses it, while it does. */
interface Session {
  send(message: object): void;
  gate: string | undefined;
}

export class ScriptGates {
  readonly #main: Session;
  readonly #workers = new Map<string, Session>();
  readonly #answer: (text: string) => void;
  /** What waits for the name of a gate. */
  readonly #asked = new Map<number, Session>();
  #gate: Gate = 'every';
  #last = OWN;

  /** @param send to the inspector @param answer to the bridge */
  constructor(send: (text: string) => void, answer: (text: string) => void) {
    this.#main = { send: (message) => send(JSON.stringify(message)), gate: undefined };
    this.#answer = answer;
  }

  /** Takes a message of the bridge. Returns whether that was all, and the inspector need not have it. */
  asked(text: string): boolean {
    if (text.includes(`"method":"${BEGIN}"`)) {
      const { id } = JSON.parse(text) as Message;
      this.#close(this.#main);
      // This makes the variable without a script, which would have a gate.
      for (const method of ['Runtime.addBinding', 'Runtime.removeBinding']) this.#main.send({ id: this.#next(), method, params: { name: BEGUN } });
      this.#main.send({ id, method: 'Runtime.runIfWaitingForDebugger' });
      return true;
    }
    if (!text.includes(`"method":"${GATE}"`)) return false;
    const { id, params } = JSON.parse(text) as Message;
    this.#gate = params?.gate ?? 'every';
    for (const session of [this.#main, ...this.#workers.values()]) this.#adapt(session);
    this.#answer(JSON.stringify({ id, result: {} }));
    return true;
  }

  /** Takes an answer of the inspector. Returns whether it is to what was asked here. */
  answered(text: string): boolean {
    const id = Number(/^\{"id":(\d+)/.exec(text)?.[1]);
    if (!(id > OWN)) return false;
    const session = this.#asked.get(id);
    this.#asked.delete(id);
    if (!session) return true;
    session.gate = (JSON.parse(text) as Message).result?.breakpointId;
    this.#adapt(session);
    return true;
  }

  /** Takes an event of the inspector. Returns whether the bridge need not know of it. */
  told(text: string, event: string): boolean {
    if (event === 'Debugger.paused') return this.#paused(this.#main, text);
    if (!event.startsWith('NodeWorker.')) return false;
    const { sessionId = '', message } = (JSON.parse(text) as Message).params ?? {};
    const worker = this.#workers.get(sessionId);
    // Deno tells of a worker more than once.
    if (event === 'NodeWorker.attachedToWorker') return worker !== undefined || this.#begin(sessionId);
    if (event === 'NodeWorker.detachedFromWorker') this.#workers.delete(sessionId);
    if (!worker || message === undefined) return false;
    return this.answered(message) || (message.includes('"Debugger.paused"') && this.#paused(worker, message));
  }

  #begin(sessionId: string): false {
    const worker: Session = { send: (message) => this.#main.send({ id: this.#next(), method: 'NodeWorker.sendMessageToWorker', params: { sessionId, message: JSON.stringify(message) } }), gate: undefined };
    this.#workers.set(sessionId, worker);
    worker.send({ id: this.#next(), method: 'Debugger.enable' });
    if (this.#gate !== 'none') this.#close(worker);
    return false;
  }

  #paused(session: Session, text: string): boolean {
    const { reason, data } = (JSON.parse(text) as Message).params ?? {};
    if (reason !== 'instrumentation' || isGated(this.#gate, data?.url ?? '')) return false;
    session.send({ id: this.#next(), method: 'Debugger.resume' });
    return true;
  }

  /** Has the thread be paused before each script, if that is wanted, and not otherwise. */
  #adapt(session: Session): void {
    if (this.#gate !== 'none' && session.gate === undefined) this.#close(session);
    if (this.#gate !== 'none' || session.gate === undefined) return;
    session.send({ id: this.#next(), method: 'Debugger.removeBreakpoint', params: { breakpointId: session.gate } });
    session.gate = undefined;
  }

  #close(session: Session): void {
    if ([...this.#asked.values()].includes(session)) return;
    const id = this.#next();
    this.#asked.set(id, session);
    session.send({ id, method: 'Debugger.setInstrumentationBreakpoint', params: { instrumentation: 'beforeScriptExecution' } });
  }

  #next(): number {
    return (this.#last += 1);
  }
}
