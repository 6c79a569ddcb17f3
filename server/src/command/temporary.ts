/** The files that a run makes in the sandbox, besides those of the program itself. They are removed before the next command begins. */
import { posix } from 'node:path';
import { ProtocolError } from '../protocol/index.ts';
import type { Session } from '../session/session.ts';

export class TemporaryFiles {
  readonly #session: Session;
  readonly #made: string[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Writes source code to `wanted`, or to /tmp if the folder of `wanted` cannot be written. @returns the path */
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

  /** Adds a path that is to be removed as well. */
  add(path: string): void {
    this.#made.push(path);
  }

  async remove(): Promise<void> {
    for (const path of this.#made) {
      // If the sandbox is gone, the files are gone too.
      await this.#session.sandbox.files.delete(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
