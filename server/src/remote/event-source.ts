/** Server-Sent Events (WHATWG HTML, section 9.2): an answer that goes on, in events with a name and one line of data. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { guarded } from './answer.ts';

/** So often a comment is sent, by which both sides notice that the other one has gone. */
const BEAT_MS = 15_000;

export class EventSource {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  #cancelBeat: () => void;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    response.writeHead(200, { ...guarded, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.flushHeaders();
    this.#cancelBeat = clock.after(BEAT_MS, () => this.#beat());
    response.once('close', () => this.#cancelBeat());
  }

  /** `json` has no line break in it. Resolves when there is room for more, or the client has gone. */
  async send(name: string, json: string): Promise<void> {
    const response = this.#response;
    if (response.destroyed || response.write(`event: ${name}\ndata: ${json}\n\n`)) return;
    const gone = new AbortController();
    await Promise.race(['drain', 'close'].map((event) => once(response, event, { signal: gone.signal }))).catch(() => undefined);
    gone.abort();
  }

  /** The last event. */
  async end(name: string, json: string): Promise<void> {
    await this.send(name, json);
    this.#cancelBeat();
    this.#response.end();
  }

  #beat(): void {
    this.#response.write(':\n\n');
    this.#cancelBeat = this.#clock.after(BEAT_MS, () => this.#beat());
  }
}
