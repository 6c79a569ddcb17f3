/**
 * A line: through which a session and its commands speak to their client. The session stays where it is; what is taken away
 * and replaced is the desk at the other end of its line.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { forwarding } from '../../base/forward.ts';
import type { Log } from '../../base/log.ts';
import { abortable, Interruption } from '../../base/promises.ts';
import type { EventStream } from '../../events/events.ts';
import { commandNotFound } from '../../command/commands.ts';
import { type CloseReason, invalidParam, type KeptCommand as KeptView, ProtocolError, type Session as View, type SessionAttachParams, SessionDetached } from '../../protocol/index.ts';
import { sessionDetached } from '../../session/closed.ts';
import type { Session } from '../../session/session.ts';
import type { Call, Client, Serve } from '../../wire/service.ts';
import type { Handlers } from '../handlers/handler.ts';
import { type Desk, emptyDesk } from './desk.ts';
import { KeptCommand } from './kept-command.ts';

const TOKEN_BYTES = 32;
/** So many commands that have ended are kept, as long as their output that was not acknowledged is no larger than this together. */
const MAX_ENDED = 64;
const MAX_ENDED_BYTES = 4 * 1024 * 1024;

export interface LineParts {
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where a session is served, whoever its client is. */
export interface Home {
  readonly handlers: Handlers;
  /** What clients are told of the session. */
  report(line: Line): View;
}

export class Line {
  /** How long the session waits for a client that is lost. undefined: it does not. */
  readonly graceMs: number | undefined;
  /** Whoever is at the other end now. */
  readonly client: Client;
  readonly #parts: LineParts;
  readonly #token: string | undefined;
  #session: Session | undefined;
  #home: Home | undefined;
  #desk: Desk<Line>;
  /** Ends the wait for a client that is no longer at the other end, and the requests that it was asked or has sent. */
  #change = new Interruption();
  #left = new AbortController();
  readonly #kept = new Map<string, KeptCommand>();
  readonly #begun = new WeakMap<AbortSignal, KeptCommand>();
  /** Ends the grace time. undefined: a client is there. */
  #stopWaiting: (() => void) | undefined;

  constructor(desk: Desk<Line>, graceMs: number | undefined, parts: LineParts) {
    this.#desk = desk;
    this.graceMs = graceMs;
    this.#parts = parts;
    this.#token = graceMs === undefined ? undefined : randomBytes(TOKEN_BYTES).toString('base64url');
    this.client = graceMs === undefined ? desk.client : this.#changing();
  }

  get session(): Session {
    if (!this.#session) throw new Error('invariant: a line is used when its session is there');
    return this.#session;
  }

  get home(): Home {
    if (!this.#home) throw new Error('invariant: a line is used when its session is there');
    return this.#home;
  }

  get desk(): Desk<Line> {
    return this.#desk;
  }

  /** What the client takes the session over with. undefined: it can't be. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Aborts when its client is no longer at the other end. */
  get leaving(): AbortSignal {
    return this.#left.signal;
  }

  get waiting(): boolean {
    return this.#stopWaiting !== undefined;
  }

  /** The session is there. */
  begin(session: Session, home: Home): void {
    this.#session = session;
    this.#home = home;
    this.#desk.hold(this);
    void session.closed.then(() => this.#end(session.reason ?? 'client'));
  }

  /** Compares in constant time. */
  opensWith(token: string): boolean {
    return timingSafeEqual(digest(token), digest(this.#token ?? '')) && this.#token !== undefined;
  }

  /**
   * Serves a call that runs something under the id that the client gave it: it goes on without its request when the
   * connection is lost, or the client is another one. @throws ProtocolError RequestCancelled then
   */
  keep(call: Call, commandId: string, serve: Serve): Promise<unknown> {
    const { signal, closing } = call;
    const cancel = new AbortController();
    const aborted = () => {
      if (!closing?.aborted) cancel.abort(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    const kept = new KeptCommand(commandId, cancel.signal);
    const before = this.#kept.get(commandId);
    // Where the id belongs to one that still runs, the call will be refused.
    if (!before || before.ended) {
      before?.drop(this.#desk);
      this.#kept.delete(commandId);
      this.#kept.set(commandId, kept);
    }
    this.#begun.set(cancel.signal, kept);
    kept.begin(serve({ ...call, signal: cancel.signal }), () => {
      signal.removeEventListener('abort', aborted);
      kept.leave(this.#desk);
      this.#prune();
    });
    return kept.over([this.#left.signal, ...(closing ? [closing] : [])]).then(() => kept.result);
  }

  /** The command that was begun by the call with this signal. undefined: it is not kept. */
  begunBy(signal: AbortSignal): KeptCommand | undefined {
    return this.#begun.get(signal);
  }

  /** Resolves with the result of a command. @throws ProtocolError CommandNotFound, RequestCancelled, or what the command fails with */
  async wait(commandId: string, signal: AbortSignal): Promise<unknown> {
    const kept = this.#kept.get(commandId);
    if (!kept) throw commandNotFound(commandId);
    const left = this.#left.signal;
    await kept.over([left, signal]);
    await abortable(left, abortable(signal, kept.sent()));
    return kept.result;
  }

  /** The client is lost, or gives the session up: it waits for another one, at most `graceMs`. */
  detach(graceMs: number, by: 'client' | 'lost'): void {
    const { events, clock, log } = this.#parts;
    const { session } = this;
    this.#lead(emptyDesk(this.#desk.client));
    for (const kept of this.#kept.values()) kept.park();
    this.#stopWaiting = clock.after(graceMs, () => {
      session.close('detached').catch((fault: unknown) => log.error(`session ${session.id}, which nobody attached, could not be closed`, fault));
    });
    events.emit({ kind: 'sessionDetached', session: session.identity, graceMs, by });
  }

  /** The client of `desk` takes the session over. @throws ProtocolError InvalidParams, and then nothing has changed */
  attach(desk: Desk<Line>, visit: string, { acknowledged = {}, streams = {} }: Pick<SessionAttachParams, 'acknowledged' | 'streams'>): KeptView[] {
    this.#check(desk, acknowledged, streams);
    const { session } = this;
    const before = this.#desk;
    if (before !== desk) {
      this.#lead(desk);
      for (const kept of this.#kept.values()) kept.park();
      void before.client.notify(SessionDetached, { sessionId: session.id, reason: 'attached' });
    }
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#parts.events.emit({ kind: 'sessionAttached', session: session.identity, to: visit });
    const views: KeptView[] = [];
    for (const kept of this.#kept.values()) {
      kept.lead(desk, acknowledged[kept.commandId], streams[kept.commandId]);
      views.push(kept.view());
    }
    return views;
  }

  /** Nothing of what is kept is waited for any more, because the session is about to close. */
  drop(): void {
    for (const kept of this.#kept.values()) kept.drop(this.#desk);
  }

  /** @throws ProtocolError InvalidParams */
  #check(desk: Desk<Line>, acknowledged: NonNullable<SessionAttachParams['acknowledged']>, streams: NonNullable<SessionAttachParams['streams']>): void {
    for (const [field, named] of Object.entries({ acknowledged, streams })) {
      const unknown = Object.keys(named).find((commandId) => !this.#kept.has(commandId));
      if (unknown !== undefined) throw invalidParam(`${field}.${unknown.slice(0, 100)}`, 'the session has no such command, or it ended too long ago');
    }
    const numbers = Object.values(streams).flatMap(({ stdout, stderr }) => [stdout, stderr].flatMap((each) => (each ? [each.stream] : [])));
    if (numbers.length > 0 && !desk.client.data) throw invalidParam('streams', 'this connection has no data channel; ask for one in initialize, with capabilities.channels.data');
    const used = numbers.find((number, index) => numbers.indexOf(number) !== index || desk.client.data?.sends(number));
    if (used !== undefined) throw invalidParam('streams', `stream ${used} is in use`);
    for (const kept of this.#kept.values()) {
      kept.check(acknowledged[kept.commandId], streams[kept.commandId]);
      if (desk !== this.#desk && desk.commands.find(kept.commandId)) throw invalidParam('sessionId', `a command of this connection has the id of one that the session has, ${kept.commandId.slice(0, 100)}: wait until it has ended`);
    }
  }

  #lead(desk: Desk<Line>): void {
    const before = this.#desk;
    this.#desk = desk;
    this.#change.happen();
    this.#change = new Interruption();
    this.#left.abort(new ProtocolError('RequestCancelled', sessionDetached(this.session.id).message));
    this.#left = new AbortController();
    for (const kept of this.#kept.values()) kept.move(before, desk);
    before.release(this, 'moved');
    desk.hold(this);
  }

  /** Of those that have ended, the oldest are forgotten where there are too many. */
  #prune(): void {
    const ended = [...this.#kept.values()].filter((kept) => kept.ended);
    let bytes = ended.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    for (const [index, kept] of ended.entries()) {
      if (ended.length - index <= MAX_ENDED && bytes <= MAX_ENDED_BYTES) return;
      bytes -= kept.keptBytes;
      kept.drop(this.#desk);
      this.#kept.delete(kept.commandId);
    }
  }

  #end(reason: CloseReason): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.drop();
    this.#kept.clear();
    this.#desk.release(this, reason);
  }

  /** Its client at each moment. Whoever waits for one that is no longer there waits no more. */
  #changing(): Client {
    const now = () => this.#desk.client;
    return forwarding<Client>(now, {
      notify: (method, params) => this.#change.limit(now().notify(method, params)),
      request: (method, params, signal) => {
        const left = this.#left.signal;
        return abortable(left, now().request(method, params, AbortSignal.any([signal, left])));
      },
      logMessage: (type, message) => this.#change.limit(now().logMessage(type, message)),
      showMessage: (type, message) => this.#change.limit(now().showMessage(type, message)),
    });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
