/** A mend between a client and an adapter that are both the test. */
import type { DapMessage, DapRequest, Json } from '../../server/src/debug/dap.ts';
import type { MakeMend, Mend } from '../../server/src/debug/mend.ts';

export class MendBench {
  /** What the client was told. */
  readonly told: DapMessage[] = [];
  /** What the adapter was asked, by the client and by the daemon. */
  readonly asked: DapRequest[] = [];
  readonly #mend: Mend;
  #seq = 0;

  constructor(make: MakeMend) {
    this.#mend = make({
      adapter: (message) => {
        if (message.type === 'request') this.asked.push(message);
        return true;
      },
      client: async (message) => void this.told.push(message),
    });
  }

  /** The names and the bodies of the events that the client was told. */
  get events(): [string, Json | undefined][] {
    return this.told.flatMap((message) => (message.type === 'event' ? [[message.event, message.body]] : []));
  }

  /** The client asks. Returns the number of the request. */
  client(command: string, args: Json = {}): number {
    const seq = ++this.#seq;
    this.#mend.toAdapter({ seq, type: 'request', command, arguments: args });
    return seq;
  }

  says(event: string, body?: Json): Promise<void> {
    return this.#mend.fromAdapter({ seq: 1, type: 'event', event, ...(body ? { body } : {}) });
  }

  /** The adapter answers the last request of this name. What the daemon asked is then dealt with. */
  async answers(command: string, response: object): Promise<void> {
    const request = this.asked.findLast((each) => each.command === command);
    if (!request) throw new Error(`the adapter was not asked for ${command}`);
    await this.#mend.fromAdapter({ seq: 1, type: 'response', request_seq: request.seq, command, success: true, ...response });
    await new Promise(setImmediate);
  }
}
