/** Finds the file that a frame is in: a document of the person, or a file that only the sandbox has. */
import type { Code, vscode } from '../base/code.ts';
import { fileUri } from '../base/session-uri.ts';
import type { Source } from '../run/source/source.ts';
import type { Frame } from './frame.ts';
import { pathInSandbox, type Place, placeOf } from './place.ts';

/** Where a program ran. */
export interface Ran {
  readonly source: Source;
  /** The session of its sandbox, which may be closed by now. */
  readonly sessionId: string | undefined;
}

export class Locator {
  readonly #code: Code;
  readonly #ran: Ran;
  /** Many frames are in the same file, which is looked for only once. */
  readonly #looked = new Map<string, Promise<boolean>>();

  constructor(code: Code, ran: Ran) {
    this.#code = code;
    this.#ran = ran;
  }

  /** @returns undefined if neither has the file, so that there is nothing to be opened */
  async placeOf(frame: Frame): Promise<Place | undefined> {
    const { source, sessionId } = this.#ran;
    const copied = placeOf(frame, source);
    if (copied && (copied.uri === source.uri || (await this.#isFile(copied.uri)))) return copied;
    const path = pathInSandbox(frame.path, source);
    if (path === undefined || sessionId === undefined) return undefined;
    const { line, column } = frame;
    const uri = fileUri(this.#code, sessionId, path);
    return (await this.#isFile(uri)) ? { uri, line, ...(column === undefined ? {} : { column }) } : undefined;
  }

  #isFile(uri: vscode.Uri): Promise<boolean> {
    const known = this.#looked.get(uri.toString());
    if (known) return known;
    const { workspace, FileType } = this.#code;
    const looking = Promise.resolve(workspace.fs.stat(uri)).then(({ type }) => (type & FileType.File) !== 0, () => false);
    this.#looked.set(uri.toString(), looking);
    return looking;
  }
}
