/**
 * The consoles of runs: each is a terminal (in Restricted Mode an output channel) in which one program runs or ran last.
 * A file that runs again uses its console again, and so does another file once there are enough consoles of ended runs.
 */
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import type { ChosenRuntimes } from './chosen.ts';
import type { RunningProgram } from './running.ts';
import { Run, type RunEnd } from './run.ts';
import type { CloseSandbox, DelayedClose } from './sandbox/delayed-close.ts';
import type { Disk } from './sandbox/disk.ts';
import type { KeptSandboxes } from './sandbox/kept.ts';
import type { Spares } from './sandbox/spares.ts';
import type { RunSpec } from './source/run-spec.ts';
import type { Source } from './source/source.ts';
import { type Display, openDisplay } from './terminal/display.ts';
import { Screen } from './terminal/screen.ts';
import { whenRunning } from './when-running.ts';

export interface ConsolesParts {
  readonly code: Code;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk: Disk;
  readonly spares: Spares;
  readonly chosen: ChosenRuntimes;
  readonly kept: KeptSandboxes;
  readonly delayedClose: DelayedClose;
  newId(): string;
  random(): number;
  /** How many sandboxes of ended runs stay open. */
  sandboxesToKeep(): number;
  /** Whether the keyboard focus moves to the console when a run begins. */
  focus(): boolean;
}

export type RunEvent =
  | { readonly kind: 'started'; readonly source: Source }
  | { readonly kind: 'ended'; readonly source: Source; readonly end: RunEnd | undefined }
  | { readonly kind: 'failed'; readonly source: Source; readonly fault: unknown }
  /** The console in which the source ran last is closed, or shows another source. */
  | { readonly kind: 'closed'; readonly source: Source };

export interface RunConsole {
  readonly screen: Screen;
  readonly display: Display;
  /** The run that is going on, or the last one. */
  run: Run;
  running: boolean;
  /** Resolves when `run` has ended. */
  ended: Promise<void>;
  /** What runs here when the program that is being stopped has ended. */
  next: RunSpec | undefined;
  /** Closes the sandbox of `run`. */
  closeSandbox: CloseSandbox;
}

export class Consoles {
  readonly #parts: ConsolesParts;
  readonly #events = new Listeners<RunEvent>();
  /** The one that was used last is the last. */
  #consoles: RunConsole[] = [];

  constructor(parts: ConsolesParts) {
    this.#parts = parts;
  }

  onRunEvent(listener: (event: RunEvent) => void): vscode.Disposable {
    return this.#events.add(listener);
  }

  get running(): readonly RunConsole[] {
    return this.#consoles.filter(({ running }) => running);
  }

  get lastUsed(): RunConsole | undefined {
    return this.#consoles.at(-1);
  }

  ofTerminal(terminal: vscode.Terminal | undefined): RunConsole | undefined {
    return terminal && this.#consoles.find(({ display }) => display.terminal === terminal);
  }

  ofSession(sessionId: string): RunConsole | undefined {
    return this.#consoles.find(({ run }) => run.session?.sessionId === sessionId);
  }

  /** A console in which the document is running, otherwise the one in which it ran last. */
  ofDocument(uri: vscode.Uri): RunConsole | undefined {
    const all = this.#consoles.filter(({ run }) => run.spec.source.uri.toString() === uri.toString());
    return all.findLast(({ running }) => running) ?? all.at(-1);
  }

  /** Shows the run in the given console, by default the document's own. If a program runs there, the setting or the person decides. */
  async runInConsole(spec: RunSpec, given?: RunConsole): Promise<void> {
    const { uri, name } = spec.source;
    const own = given ?? this.ofDocument(uri);
    if (own?.running) {
      const choice = await whenRunning(this.#parts.code, uri, name);
      if (!choice) return;
      if (choice === 'restart' && own.running) return this.#restart(own, spec);
    }
    const runConsole = own && !own.running && this.#isUsable(own) ? this.#reuseConsole(own, spec) : this.#anotherConsole(spec);
    this.#consoles = [...this.#consoles.filter((other) => other !== runConsole), runConsole];
    runConsole.display.show(!this.#parts.focus());
    await this.#runAndTell(runConsole);
    // A run that was cancelled before it had a sandbox takes the place of none.
    if (this.#consoles.includes(runConsole) && !runConsole.running && runConsole.run.session) this.#keepSandbox(runConsole);
  }

  /** The programs that run, as others see them. */
  get programs(): readonly RunningProgram[] {
    return this.running.map(({ run, display, screen }) => ({
      source: run.spec.source,
      terminal: display.terminal,
      stop: () => run.stop(),
      type: (line) => screen.pty.handleInput?.(`${line}\r`),
    }));
  }

  /** Closes the sandboxes that no program uses and no terminal shows. @returns whether there were any */
  async makeRoom(): Promise<boolean> {
    const closed = await Promise.all([this.#parts.delayedClose.closeAllNow(), this.#parts.spares.discardAll()]);
    return closed.includes(true);
  }

  /** Stops the program of the console and runs this one there when it has ended. Of several that come in the meantime, the last one runs. */
  async #restart(runConsole: RunConsole, spec: RunSpec): Promise<void> {
    const isFirst = runConsole.next === undefined;
    runConsole.next = spec;
    runConsole.run.stop();
    if (!isFirst) return;
    await runConsole.ended;
    const { next = spec } = runConsole;
    runConsole.next = undefined;
    if (!runConsole.screen.isClosed) await this.runInConsole(next, runConsole);
  }

  #runAndTell(runConsole: RunConsole): Promise<void> {
    runConsole.running = true;
    runConsole.ended = this.#tellRun(runConsole);
    return runConsole.ended;
  }

  /** Tells the listeners when the run begins and how it ends. */
  async #tellRun(runConsole: RunConsole): Promise<void> {
    const { run } = runConsole;
    const { source } = run.spec;
    this.#events.tell({ kind: 'started', source });
    try {
      const end = await this.#parts.client.use((connection) => this.#runAndPrepareNext(runConsole, run, connection));
      runConsole.running = false;
      this.#events.tell({ kind: 'ended', source, end });
    } catch (fault) {
      runConsole.running = false;
      this.#parts.log.warn(`${source.name}: ${messageOf(fault)}`);
      this.#events.tell({ kind: 'failed', source, fault });
    }
  }

  /** When the run has ended, a spare sandbox is prepared for the next run of the file. */
  async #runAndPrepareNext(runConsole: RunConsole, run: Run, connection: Connection): Promise<RunEnd | undefined> {
    const closeSandbox = async () => {
      const sessionId = run.session?.sessionId;
      if (sessionId !== undefined) await connection.request('session/close', { sessionId }).catch(() => undefined);
    };
    runConsole.closeSandbox = closeSandbox;
    const end = await run.runInSandbox(connection);
    if (end?.session.runtimeReason !== undefined) this.#parts.log.info(`${run.spec.source.name} ran in ${end.session.runtime}: ${end.session.runtimeReason}`);
    if (runConsole.screen.isClosed) void closeSandbox();
    else if (end && !end.folderRefused && this.#parts.sandboxesToKeep() > 0) this.#parts.spares.prepare(connection, run.spec);
    return end;
  }

  /** Whether the editor lets it show a run now: Restricted Mode allows no terminals. */
  #isUsable({ screen }: RunConsole): boolean {
    return !screen.isClosed && screen.plain !== this.#parts.code.workspace.isTrusted;
  }

  /** The console that was used longest ago if there are as many of ended runs as sandboxes stay open, otherwise a new one. */
  #anotherConsole(spec: RunSpec): RunConsole {
    const ended = this.#consoles.filter((other) => !other.running && !other.next && this.#isUsable(other));
    const [oldest] = ended;
    if (!oldest || ended.length < Math.max(1, this.#parts.sandboxesToKeep())) return this.#openConsole(spec);
    if (oldest.screen.plain) {
      // An output channel keeps its name.
      oldest.display.close();
      return this.#openConsole(spec);
    }
    const { source } = oldest.run.spec;
    const runConsole = this.#reuseConsole(oldest, spec);
    oldest.screen.startAnew(spec.source.name);
    this.#sourceGone(source);
    return runConsole;
  }

  /** The source is not shown any more, so it is not expected to run again soon. */
  #sourceGone(source: Source): void {
    this.#parts.spares.discardOf(source.uri.toString());
    this.#events.tell({ kind: 'closed', source });
  }

  #openConsole(spec: RunSpec): RunConsole {
    const { code } = this.#parts;
    const screen = new Screen(code, !code.workspace.isTrusted);
    const runConsole: RunConsole = {
      screen,
      display: openDisplay(code, spec.source.name, screen),
      run: this.#newRun(spec, screen),
      running: false,
      ended: Promise.resolve(),
      next: undefined,
      closeSandbox: nothingToClose,
    };
    screen.onClose(() => this.#consoleClosed(runConsole));
    return runConsole;
  }

  #reuseConsole(runConsole: RunConsole, spec: RunSpec): RunConsole {
    this.#parts.kept.release(runConsole);
    this.#parts.delayedClose.closeSoon(runConsole.closeSandbox);
    runConsole.closeSandbox = nothingToClose;
    runConsole.screen.write('\r\n');
    runConsole.run = this.#newRun(spec, runConsole.screen);
    return runConsole;
  }

  #newRun(spec: RunSpec, screen: Screen): Run {
    const { code, clock, disk, spares, chosen, newId, random } = this.#parts;
    const supply = { disk, takeSpare: spares.take.bind(spares), makeRoom: () => this.makeRoom() };
    return new Run(spec, { code, clock, screen, random, supply, chosen, id: newId() });
  }

  /** A person who closes the terminal needs neither the program nor its sandbox any more. */
  #consoleClosed(runConsole: RunConsole): void {
    this.#consoles = this.#consoles.filter((other) => other !== runConsole);
    this.#parts.kept.release(runConsole);
    this.#sourceGone(runConsole.run.spec.source);
    if (runConsole.running) runConsole.run.stop();
    else void runConsole.closeSandbox();
    runConsole.screen.dispose();
  }

  #keepSandbox(runConsole: RunConsole): void {
    this.#parts.kept.keep(runConsole, () => {
      const { closeSandbox } = runConsole;
      runConsole.closeSandbox = nothingToClose;
      return closeSandbox();
    });
  }
}

const nothingToClose: CloseSandbox = async () => undefined;
