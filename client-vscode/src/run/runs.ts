/** The runs: each in a terminal of its own, several at once. A file that is run again uses its terminal again. */
import type { Code, vscode } from '../base/code.ts';
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, words } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Link } from '../client/link.ts';
import type { Disk } from './disk.ts';
import { type Close, Leaving } from './leaving.ts';
import { Run, type RunAsk, type RunEnd } from './run.ts';
import { Screen } from './screen.ts';
import type { Source } from './source.ts';
import type { Spares } from './spares.ts';
import { openSurface, type Surface } from './surface.ts';

export interface RunsParts {
  readonly code: Code;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk: Disk;
  readonly spares: Spares;
  newId(): string;
  random(): number;
  /** Sessions of ended runs that stay open. */
  keep(): number;
  focus(): boolean;
}

export type RunEvent =
  | { readonly kind: 'started'; readonly source: Source }
  | { readonly kind: 'ended'; readonly source: Source; readonly end: RunEnd | undefined }
  | { readonly kind: 'failed'; readonly source: Source; readonly fault: unknown };

/** Where something runs, or ran last. */
export interface Place {
  readonly screen: Screen;
  readonly surface: Surface;
  run: Run;
  running: boolean;
  /** Closes the session of the last run. */
  close: Close;
}

export class Runs {
  readonly #parts: RunsParts;
  readonly #events = new Listeners<RunEvent>();
  /** The one used last is the last. */
  #places: Place[] = [];
  readonly #leaving: Leaving;

  constructor(parts: RunsParts) {
    this.#parts = parts;
    this.#leaving = new Leaving(parts.clock);
  }

  onEvent(listener: (event: RunEvent) => void): vscode.Disposable {
    return this.#events.add(listener);
  }

  get running(): readonly Place[] {
    return this.#places.filter(({ running }) => running);
  }

  get last(): Place | undefined {
    return this.#places.at(-1);
  }

  of(terminal: vscode.Terminal | undefined): Place | undefined {
    return terminal && this.#places.find(({ surface }) => surface.terminal === terminal);
  }

  /** Of a document: one that is running, else the last one. */
  ofDocument(uri: vscode.Uri): Place | undefined {
    const places = this.#places.filter(({ run }) => run.ask.source.uri.toString() === uri.toString());
    return places.findLast(({ running }) => running) ?? places.at(-1);
  }

  /** @param place where to run it; by default the document's own terminal if nothing runs there, else a new one. */
  async start(ask: RunAsk, place?: Place): Promise<void> {
    const own = place ?? this.ofDocument(ask.source.uri);
    const where = own && !own.running && own.screen.plain !== this.#parts.code.workspace.isTrusted ? this.#reuse(own, ask) : this.#open(ask);
    this.#places = [...this.#places.filter((other) => other !== where), where];
    where.surface.show(!this.#parts.focus());
    await this.#run(where);
  }

  stopAll(): void {
    for (const { run } of this.running) run.stop();
  }

  /** Closes the sandboxes that nobody looks into and no program uses. @returns whether there were any */
  async makeRoom(): Promise<boolean> {
    const closed = await Promise.all([this.#leaving.now(), this.#parts.spares.clear()]);
    return closed.includes(true);
  }

  async #run(place: Place): Promise<void> {
    const { run } = place;
    const { source } = run.ask;
    place.running = true;
    this.#events.tell({ kind: 'started', source });
    try {
      const end = await this.#parts.client.use((link) => this.#go(place, run, link));
      place.running = false;
      this.#events.tell({ kind: 'ended', source, end });
    } catch (fault) {
      place.running = false;
      this.#parts.log.warn(`${source.name}: ${words(fault)}`);
      this.#events.tell({ kind: 'failed', source, fault });
    }
    this.#tidy();
  }

  async #go(place: Place, run: Run, link: Link): Promise<RunEnd | undefined> {
    const closeSession = async () => {
      const id = run.session?.sessionId;
      if (id !== undefined) await link.request('session/close', { sessionId: id }).catch(() => undefined);
    };
    place.close = closeSession;
    const end = await run.go(link);
    if (place.screen.isClosed) void closeSession();
    else if (end && !end.refused && this.#parts.keep() > 0) this.#parts.spares.prepare(link, run.ask);
    return end;
  }

  #open(ask: RunAsk): Place {
    const { code } = this.#parts;
    const screen = new Screen(code, !code.workspace.isTrusted);
    const place: Place = {
      screen,
      surface: openSurface(code, ask.source.name, screen),
      run: this.#newRun(ask, screen),
      running: false,
      close: nothing,
    };
    screen.onClose(() => this.#gone(place));
    return place;
  }

  #reuse(place: Place, ask: RunAsk): Place {
    this.#leaving.soon(place.close);
    place.close = nothing;
    place.screen.write('\r\n');
    place.run = this.#newRun(ask, place.screen);
    return place;
  }

  #newRun(ask: RunAsk, screen: Screen): Run {
    const { code, clock, disk, spares, newId, random } = this.#parts;
    const help = { disk, take: spares.take.bind(spares), makeRoom: () => this.makeRoom() };
    return new Run(ask, { code, clock, screen, random, help, id: newId() });
  }

  /** Whoever closes the terminal wants neither the program nor its sandbox any more. */
  #gone(place: Place): void {
    this.#places = this.#places.filter((other) => other !== place);
    this.#parts.spares.drop(place.run.ask.source.uri.toString());
    if (place.running) place.run.stop();
    else void place.close();
    place.screen.dispose();
  }

  /** The oldest sessions of ended runs go when there are too many. */
  #tidy(): void {
    const ended = this.#places.filter(({ running }) => !running);
    for (const place of ended.slice(0, Math.max(0, ended.length - this.#parts.keep()))) {
      void place.close();
      place.close = nothing;
    }
  }
}

const nothing: Close = async () => undefined;
