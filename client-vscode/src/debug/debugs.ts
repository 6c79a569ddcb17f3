/** All programs that are debugged: makes an adapter for each debug session of the editor, and keeps their sandboxes as those of runs are kept. */
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import type { ChosenRuntimes } from '../run/chosen.ts';
import type { RunningProgram } from '../run/running.ts';
import type { Claimed, SandboxSupply } from '../run/sandbox/claim.ts';
import type { CloseSandbox, DelayedClose } from '../run/sandbox/delayed-close.ts';
import type { KeptSandboxes } from '../run/sandbox/kept.ts';
import type { Spares } from '../run/sandbox/spares.ts';
import type { RememberedOptions } from '../run/source/options.ts';
import type { RunNeeds, RunSpec } from '../run/source/run-spec.ts';
import type { Source } from '../run/source/source.ts';
import { type AdapterEvent, SandboxAdapter } from './adapter.ts';
import { type DebugSpec, debugSpecOf } from './launch.ts';
import { type DebugTerminal, DebugTerminals } from './terminals.ts';

export interface DebugsParts {
  readonly code: Code;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: RememberedOptions;
  readonly supply: SandboxSupply;
  readonly spares: Spares;
  readonly kept: KeptSandboxes;
  readonly delayedClose: DelayedClose;
  readonly chosen: ChosenRuntimes;
  /** The same run, with what it needs. */
  complete(spec: RunSpec, needs: RunNeeds): Promise<RunSpec>;
  newId(): string;
  random(): number;
  /** How many sandboxes of ended runs stay open. */
  sandboxesToKeep(): number;
}

export type DebugEvent =
  | { readonly kind: 'started'; readonly source: Source }
  /** `claimed`: its sandbox, if it has one that is open. */
  | { readonly kind: 'ended'; readonly source: Source; readonly claimed: Claimed | undefined }
  /** `source`: undefined if the launch configuration names none. */
  | { readonly kind: 'failed'; readonly source: Source | undefined; readonly fault: unknown };

/** One program, from the click to the end of its sandbox. */
interface Debugged {
  readonly session: vscode.DebugSession;
  spec: DebugSpec | undefined;
  claimed: Claimed | undefined;
  connection: Connection | undefined;
  terminal: DebugTerminal | undefined;
  running: boolean;
}

export class Debugs implements vscode.DebugAdapterDescriptorFactory {
  readonly #parts: DebugsParts;
  readonly #terminals: DebugTerminals;
  readonly #events = new Listeners<DebugEvent>();
  /** Those that run, and the last one of each document. The one that began last is the last. */
  #all: Debugged[] = [];

  constructor(parts: DebugsParts) {
    this.#parts = parts;
    this.#terminals = new DebugTerminals(parts);
  }

  onEvent(listener: (event: DebugEvent) => void): vscode.Disposable {
    return this.#events.add(listener);
  }

  get programs(): readonly RunningProgram[] {
    const { debug } = this.#parts.code;
    return this.#all.flatMap(({ session, spec, terminal, running }) => (spec && running ? [{
      source: spec.run.source,
      terminal: terminal?.terminal,
      ...(terminal ? { type: terminal.type } : {}),
      stop: () => void debug.stopDebugging(session),
    }] : []));
  }

  /** What is or was debugged in the sandbox. */
  sourceOf(sessionId: string): Source | undefined {
    return this.#all.find(({ claimed }) => claimed?.session.sessionId === sessionId)?.spec?.run.source;
  }

  /** The sandbox of the program that began last. It may be closed by now. */
  get lastSession(): Session | undefined {
    return this.#all.at(-1)?.claimed?.session;
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const { code, clock, client, supply, chosen, newId, options, complete } = this.#parts;
    const debugged: Debugged = { session, spec: undefined, claimed: undefined, connection: undefined, terminal: undefined, running: false };
    const adapter = new SandboxAdapter({
      code, clock, supply, chosen, terminals: this.#terminals, id: newId(),
      async spec() {
        const root = session.workspaceFolder ?? code.workspace.workspaceFolders?.[0];
        const spec = await debugSpecOf(code, session.configuration, { remembered: options, root: root?.uri });
        return { ...spec, run: await complete(spec.run, spec.needs) };
      },
      use: (work) => client.use(work),
      told: (event) => this.#told(debugged, event),
    });
    return new code.DebugAdapterInlineImplementation(adapter);
  }

  #told(debugged: Debugged, event: AdapterEvent): void {
    switch (event.kind) {
      case 'started':
        debugged.spec = event.spec;
        debugged.running = true;
        this.#closeEarlier(debugged, event.spec.run.source);
        this.#all.push(debugged);
        return this.#events.tell({ kind: 'started', source: event.spec.run.source });
      case 'claimed':
        debugged.claimed = event.claimed;
        debugged.connection = event.connection;
        debugged.terminal = event.terminal;
        return;
      case 'ended':
        debugged.running = false;
        return this.#ended(debugged, event);
    }
  }

  #ended(debugged: Debugged, { fault, closed }: Extract<AdapterEvent, { kind: 'ended' }>): void {
    const { spares, kept, log, sandboxesToKeep } = this.#parts;
    const { spec, claimed, connection } = debugged;
    if (fault !== undefined) {
      log.warn(`${spec?.run.source.name ?? 'debugging'}: ${messageOf(fault)}`);
      void closeOf(debugged)();
      this.#events.tell({ kind: 'failed', source: spec?.run.source, fault });
      return;
    }
    if (!spec) return;
    // What has no sandbox takes the place of none.
    if (claimed && !closed) kept.keep(debugged, closeOf(debugged));
    if (claimed && connection && !claimed.folderRefused && sandboxesToKeep() > 0) spares.prepare(connection, spec.run);
    this.#events.tell({ kind: 'ended', source: spec.run.source, claimed: closed ? undefined : claimed });
  }

  /** What was debugged before takes no more room when the same document is debugged again. */
  #closeEarlier(debugged: Debugged, { uri }: Source): void {
    const isEarlier = (other: Debugged) => other !== debugged && !other.running && other.spec?.run.source.uri.toString() === uri.toString();
    for (const earlier of this.#all.filter(isEarlier)) {
      this.#parts.kept.release(earlier);
      this.#parts.delayedClose.closeSoon(closeOf(earlier));
    }
    this.#all = this.#all.filter((other) => !isEarlier(other));
  }
}

function closeOf({ claimed, connection }: Debugged): CloseSandbox {
  return async () => {
    if (claimed && connection) await connection.request('session/close', { sessionId: claimed.session.sessionId }).catch(() => undefined);
  };
}
