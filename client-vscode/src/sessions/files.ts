/** A read-only file system of the files in sessions: `codebeaker:/<session>/workspace/a.txt`. */
import { posix } from 'node:path';
import type { DirectoryEntry } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { splitUri } from '../base/session-uri.ts';
import { faultData } from '../client/faults.ts';
import type { Connection } from '../client/connection.ts';
import { readPieces } from './read.ts';

/** A larger file is not opened. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
export class SessionFiles implements vscode.FileSystemProvider {
  readonly #code: Code;
  readonly #connection: () => Connection | undefined;
  readonly onDidChangeFile: vscode.Event<vscode.FileChangeEvent[]>;

  constructor(code: Code, connection: () => Connection | undefined) {
    this.#code = code;
    this.#connection = connection;
    this.onDidChangeFile = new code.EventEmitter<vscode.FileChangeEvent[]>().event;
  }

  /** Changes are never told: the protocol does not watch files in a sandbox. */
  watch(): vscode.Disposable {
    return { dispose: () => undefined };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { FilePermission, FileType } = this.#code;
    const { path } = splitUri(uri);
    if (['/', '/workspace', '/tmp'].includes(path)) return { type: FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    const entries = await this.#list(uri.with({ path: posix.dirname(uri.path) }));
    const entry = entries.find(({ name }) => name === posix.basename(path));
    if (!entry) throw this.#code.FileSystemError.FileNotFound(uri);
    return { type: this.#type(entry), ctime: entry.mtimeMs, mtime: entry.mtimeMs, size: entry.size, permissions: FilePermission.Readonly };
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return (await this.#list(uri)).map((entry) => [entry.name, this.#type(entry)]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { sessionId, path } = splitUri(uri);
    const connection = this.#openConnection(uri);
    const pieces: Buffer[] = [];
    let isTooLarge = false;
    try {
      for await (const { bytes, size } of readPieces(connection, sessionId, path)) {
        isTooLarge = size > MAX_FILE_BYTES;
        if (isTooLarge) break;
        pieces.push(bytes);
      }
    } catch (fault) {
      this.#fail(uri, fault);
    }
    if (isTooLarge) throw this.#code.FileSystemError.Unavailable(this.#code.l10n.t('The file is larger than 64 MiB, too large to be shown.'));
    return Buffer.concat(pieces);
  }

  createDirectory(uri: vscode.Uri): never {
    return this.#refuse(uri);
  }

  writeFile(uri: vscode.Uri): never {
    return this.#refuse(uri);
  }

  delete(uri: vscode.Uri): never {
    return this.#refuse(uri);
  }

  rename(uri: vscode.Uri): never {
    return this.#refuse(uri);
  }

  #refuse(uri: vscode.Uri): never {
    throw this.#code.FileSystemError.NoPermissions(uri);
  }

  async #list(uri: vscode.Uri): Promise<readonly DirectoryEntry[]> {
    const { sessionId, path } = splitUri(uri);
    const { entries } = await this.#openConnection(uri).request('command/listDirectory', { sessionId, path }).catch((fault: unknown) => this.#fail(uri, fault));
    return entries;
  }

  #type({ type }: DirectoryEntry): vscode.FileType {
    const { FileType } = this.#code;
    return { file: FileType.File, directory: FileType.Directory, symlink: FileType.SymbolicLink, other: FileType.Unknown }[type];
  }

  #openConnection(uri: vscode.Uri): Connection {
    const connection = this.#connection();
    if (!connection) throw this.#code.FileSystemError.FileNotFound(uri);
    return connection;
  }

  #fail(uri: vscode.Uri, fault: unknown): never {
    const { FileSystemError } = this.#code;
    const { kind } = faultData(fault);
    if (kind === 'WrongFileType') throw FileSystemError.FileIsADirectory(uri);
    if (kind === 'FileNotFound' || kind === 'SessionNotFound' || kind === 'SessionClosed') throw FileSystemError.FileNotFound(uri);
    throw FileSystemError.Unavailable((fault as Error).message);
  }
}
