/** What a run leaves in the sandbox besides what the program does: gone before the next command of the session starts. */
import { posix } from 'node:path';
import { ProtocolError } from '../protocol/index.ts';
import type { Session } from '../session/session.ts';

export class TemporaryFiles {
  readonly #session: Session;
  readonly #made: string[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Writes source code beside the files it may import; in /tmp where that folder can't be written. @returns where */
  async source(wanted: string, code: Buffer): Promise<string> {
    const { files } = this.#session.sandbox;
    for (const path of [wanted, posix.join('/tmp', posix.basename(wanted))]) {
      try {
        await files.write(path, code, { mode: 'create', executable: undefined });
        this.#made.push(path);
        return path;
      } catch (fault) {
        if (!(fault instanceof ProtocolError) || fault.kind !== 'InvalidPath' || posix.dirname(path) === '/tmp') throw fault;
      }
    }
    throw new Error('invariant: the last folder returns or throws');
  }

  /** One more to be removed. */
  add(path: string): void {
    this.#made.push(path);
  }

  async remove(): Promise<void> {
    for (const path of this.#made) {
      // A sandbox that is gone has taken them along.
      await this.#session.sandbox.files.delete(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
