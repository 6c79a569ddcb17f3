/**
 * The editor's debug adapter for one program. It makes the sandbox when the editor says `initialize`, because only the
 * debugger there knows what it can do, and passes messages on from then on.
 */
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import { messageOf } from '../base/log.ts';
import type { Connection } from '../client/connection.ts';
import { ConnectionClosed } from '../client/faults.ts';
import type { ChosenRuntimes } from '../run/chosen.ts';
import { type Claimed, claimSandbox, type SandboxSupply } from '../run/sandbox/claim.ts';
import { endingOf, verdictLine } from '../run/verdict.ts';
import { withheldWords } from '../run/withheld.ts';
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, failure, whyOf } from './dap.ts';
import { type DebugEnded, Debugger } from './debugger.ts';
import type { DebugSpec } from './launch.ts';
import type { DebugTerminal, DebugTerminals } from './terminals.ts';
import { waitFor } from './waiting.ts';

export interface AdapterParts {
  readonly code: Code;
  readonly clock: Clock;
  readonly id: string;
  readonly supply: SandboxSupply;
  readonly chosen: ChosenRuntimes;
  readonly terminals: DebugTerminals;
  /** What is debugged. @throws whatever keeps it from being debugged */
  spec(): Promise<DebugSpec>;
  /** Runs with a daemon that stays until the work has ended. */
  use(work: (connection: Connection) => Promise<void>): Promise<void>;
  told(event: AdapterEvent): void;
}

export type AdapterEvent =
  | { readonly kind: 'started'; readonly spec: DebugSpec }
  | { readonly kind: 'claimed'; readonly spec: DebugSpec; readonly claimed: Claimed; readonly connection: Connection; readonly terminal: DebugTerminal | undefined }
  /** `fault`: why it could not be debugged, or was ended. Absent: it has ended by itself, or the person has ended it. `closed`: whether its sandbox went with it. */
  | { readonly kind: 'ended'; readonly spec: DebugSpec | undefined; readonly fault?: unknown; readonly closed: boolean };

export class SandboxAdapter implements vscode.DebugAdapter {
  readonly #parts: AdapterParts;
  readonly #messages: vscode.EventEmitter<vscode.DebugProtocolMessage>;
  readonly onDidSendMessage: vscode.Event<vscode.DebugProtocolMessage>;
  readonly #cancel = new CancellationTokenSource();
  /** The requests that were passed on and have no answer. */
  readonly #pending = new Map<number, DapRequest>();
  #begun = false;
  #debugger: Debugger | undefined;
  #over = false;
  /** Whether the editor knows that the program has ended. */
  #terminated = false;
  /** Whether the person has ended the program. What the debugger then tells as its exit code is that of a process that was killed. */
  #stopped = false;
  #disposed = false;
  /** Whether the sandbox was closed, because nothing else ends the debugger. */
  #closed = false;
  #seq = 0;

  constructor(parts: AdapterParts) {
    this.#parts = parts;
    this.#messages = new parts.code.EventEmitter<vscode.DebugProtocolMessage>();
    this.onDidSendMessage = this.#messages.event;
  }

  handleMessage(given: vscode.DebugProtocolMessage): void {
    const request = given as DapRequest;
    if (request.type !== 'request') return;
    const ends = request.command === 'disconnect' || request.command === 'terminate';
    if (ends && !this.#terminated) this.#stopped = true;
    if (request.command === 'initialize' && !this.#begun) {
      this.#begun = true;
      void this.#debug(request);
    } else if (this.#debugger && !this.#over) {
      this.#pending.set(request.seq, request);
      this.#debugger.send(request);
    } else if (ends) {
      // The sandbox is still being made, or everything has ended.
      this.#cancel.cancel();
      this.#respond(request);
    } else this.#send(failure(request, this.#parts.code.l10n.t('The program has ended.')));
  }

  /** Ends what goes on. The editor has no use for messages any more. */
  dispose(): void {
    this.#disposed = true;
    this.#cancel.cancel();
    this.#messages.dispose();
  }

  async #debug(initialize: DapRequest): Promise<void> {
    const { code, use, told } = this.#parts;
    let spec: DebugSpec | undefined;
    try {
      const wanted = (spec = await this.#parts.spec());
      told({ kind: 'started', spec });
      await use((connection) => this.#debugWith(connection, wanted, initialize));
      this.#end();
      told({ kind: 'ended', spec, closed: this.#closed });
    } catch (fault) {
      const stopped = this.#cancel.token.isCancellationRequested;
      if (stopped) this.#say(verdictLine({ good: false, text: code.l10n.t('stopped') }, []));
      else this.#say(`${fault instanceof ConnectionClosed ? code.l10n.t('the daemon ended while it ran; run it again') : messageOf(fault)}\n`, 'stderr');
      if (!this.#debugger) this.#send(failure(initialize, messageOf(fault)));
      this.#end();
      told({ kind: 'ended', spec, closed: this.#closed, ...(stopped ? {} : { fault }) });
    }
  }

  async #debugWith(connection: Connection, spec: DebugSpec, initialize: DapRequest): Promise<void> {
    const { code, clock, id } = this.#parts;
    const { token } = this.#cancel;
    const waiting = waitFor(code, clock, code.l10n.t('{0} in a sandbox', spec.run.source.name), () => this.#cancel.cancel());
    let claimed: Claimed | undefined;
    let terminal: DebugTerminal | undefined;
    try {
      claimed = await this.#claim(connection, spec, (message) => waiting.tell(message));
      terminal = spec.terminal ? this.#parts.terminals.open(connection, spec.run.source, id) : undefined;
      this.#parts.told({ kind: 'claimed', spec, claimed, connection, terminal });
      this.#debugger = await Debugger.start({ connection, spec, claimed, id, terminal, take: (message) => this.#take(message) }, token);
    } finally {
      waiting.done();
    }
    try {
      if (token.isCancellationRequested) {
        this.#close(connection, claimed);
        throw new Error(code.l10n.t('stopped'));
      }
      this.#pending.set(initialize.seq, initialize);
      this.#debugger.send(initialize);
      await this.#ending(this.#debugger, connection, spec, claimed, terminal);
    } finally {
      this.#debugger.dispose();
    }
  }

  async #claim(connection: Connection, spec: DebugSpec, tell: (message: string) => void): Promise<Claimed> {
    const { code, id, supply } = this.#parts;
    const tellPerson = (words: string) => this.#say(`${words}\n`, 'console');
    const say = (reason: string) => tellPerson(code.l10n.t('without the other files of its folder: {0}', reason));
    if (spec.missingCwd !== undefined) tellPerson(code.l10n.t('the program does not start in {0}, which does not go along into the sandbox', spec.missingCwd));
    const withheld = await withheldWords(code, supply.disk, spec.run.source);
    if (withheld !== undefined) say(withheld);
    return claimSandbox({
      connection, spec: spec.run, progressToken: id, token: this.#cancel.token, supply,
      report: { progress: ({ message, percentage }) => tell(`${message ?? ''}${percentage === undefined ? '' : ` ${percentage} %`}`), withoutFolder: say },
    });
  }

  /** Resolves when the program has ended and the person has read how. @throws ConnectionClosed */
  async #ending({ ended }: Debugger, connection: Connection, spec: DebugSpec, claimed: Claimed, terminal: DebugTerminal | undefined): Promise<void> {
    const { code, chosen } = this.#parts;
    const { session } = claimed;
    // A person who ends it while the debugger does not answer ends the sandbox.
    const forced = this.#cancel.token.onCancellationRequested(() => this.#close(connection, claimed));
    const end: DebugEnded | undefined = await ended;
    forced.dispose();
    if (!end) throw new ConnectionClosed();
    const verdict = verdictLine(endingOf(code, this.#stopped ? { outcome: 'cancelled', exitCode: null } : end, { ...session.limits, timeoutMs: spec.timeoutMs }), [session.runtime]);
    this.#say(verdict);
    terminal?.tell(verdict);
    const { source, profile } = spec.run;
    const news = chosen.news(source.language, session, profile.runtime !== undefined);
    if (news !== undefined) this.#say(`\x1b[2m${news}\x1b[22m\n`);
  }

  #close(connection: Connection, { session: { sessionId } }: Claimed): void {
    this.#closed = true;
    connection.request('session/close', { sessionId }).catch(() => undefined);
  }

  #take(message: DapMessage): void {
    if (message.type !== 'response') {
      if (message.type === 'event' && message.event === 'terminated') return this.#tellTerminated();
      return this.#send(message);
    }
    const request = this.#pending.get(message.request_seq);
    // Whoever has disconnected hears no more, so the answer comes when it is known how the program ended.
    if (!request || request.command === 'disconnect') return;
    this.#pending.delete(message.request_seq);
    this.#send(message.success ? message : failure(request, whyOf(message)));
  }

  /** The editor is told that it is over, and no request stays without an answer. */
  #end(): void {
    this.#over = true;
    this.#tellTerminated();
    for (const request of this.#pending.values()) {
      if (request.command === 'disconnect' || request.command === 'terminate') this.#respond(request);
      else this.#send(failure(request, this.#parts.code.l10n.t('The program has ended.')));
    }
    this.#pending.clear();
  }

  #tellTerminated(): void {
    if (!this.#terminated) this.#send({ type: 'event', event: 'terminated' });
    this.#terminated = true;
  }

  #respond({ seq, command }: DapRequest): void {
    this.#send({ type: 'response', request_seq: seq, success: true, command });
  }

  /** Writes a line of ours into the Debug Console, where the category `console` looks like a warning. */
  #say(output: string, category: 'stdout' | 'stderr' | 'console' = 'stdout'): void {
    this.#send({ type: 'event', event: 'output', body: { category, output: output.replaceAll('\r\n', '\n') } });
  }

  #send(message: DapResponse | DapEvent | DapMessage): void {
    if (!this.#disposed) this.#messages.fire({ ...message, seq: (this.#seq += 1) });
  }
}
