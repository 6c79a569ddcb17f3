/** The signals that are on their way to a program. The agent says of each whether the program was there to get it. */
import { constants } from 'node:os';
import { deferred, type Deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';

export class ProgramSignals {
  readonly #send: (number: Buffer) => void;
  /** Who waits to hear of a signal, in the order in which the signals were sent. */
  readonly #asked: Deferred<boolean>[] = [];

  constructor(send: (number: Buffer) => void) {
    this.#send = send;
  }

  /** Resolves with whether it has reached the program. @throws ProtocolError InvalidParams where there is no such signal */
  async send(name: string): Promise<boolean> {
    const number = numberOf(name);
    const asked = deferred<boolean>();
    this.#send(Buffer.from([number]));
    this.#asked.push(asked);
    return asked.promise;
  }

  /** The agent tells of the first one that it has not told of. */
  answered(reached: boolean): void {
    this.#asked.shift()?.resolve(reached);
  }

  /** Those that are on their way reach nobody. */
  drop(): void {
    for (const asked of this.#asked.splice(0)) asked.resolve(false);
  }
}

/** @throws ProtocolError InvalidParams where there is no such signal */
function numberOf(name: string): number {
  const number = (constants.signals as Readonly<Record<string, number>>)[name];
  if (number === undefined) throw new ProtocolError('InvalidParams', `there is no signal ${name}`);
  return number;
}
