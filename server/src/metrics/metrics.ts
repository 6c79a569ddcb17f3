/** Hears every event from the beginning, and keeps those that count until the metrics are loaded, so that nobody who never asks for them pays for more. */
import type { Log } from '../base/log.ts';
import type { EventStream, HouseEvent } from '../events/events.ts';
import type { MetricFamily } from '../protocol/index.ts';
import type { Book } from './book.ts';
import type { Sights } from './look.ts';

export interface MetricsParts {
  readonly events: EventStream;
  readonly log: Log;
  readonly sights: Sights;
}

/** When so many events wait, the metrics are loaded although nobody has asked for them. */
const MAX_WAITING = 4_000;

export class Metrics {
  readonly #parts: MetricsParts;
  readonly #stop: () => void;
  #waiting: HouseEvent[] = [];
  #book: Book | undefined;
  #loading: Promise<Book> | undefined;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    this.#stop = parts.events.listen((event) => {
      if (this.#book) this.#book.count(event);
      else this.#keep(event);
    });
  }

  async text(): Promise<string> {
    return (await this.#load()).text();
  }

  async families(): Promise<MetricFamily[]> {
    return (await this.#load()).families();
  }

  close(): void {
    this.#stop();
  }

  #keep(event: HouseEvent): void {
    if (event.kind === 'runtimesChanged' || event.kind === 'sandboxMade' || event.kind === 'sessionDetached' || event.kind === 'sessionAttached') return;
    if (this.#waiting.push(event) === MAX_WAITING) this.#load().catch((fault: unknown) => this.#parts.log.error('the metrics could not be loaded', fault));
  }

  #load(): Promise<Book> {
    this.#loading ??= import('./book.ts').then((loaded) => {
      const book = new loaded.Book(this.#parts.sights);
      for (const event of this.#waiting) book.count(event);
      this.#waiting = [];
      this.#book = book;
      return book;
    });
    return this.#loading;
  }
}
