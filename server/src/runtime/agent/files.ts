/** The file commands, carried out by an agent. */
import { type DirectoryEntry, ProtocolError } from '../../protocol/index.ts';
import { fileTooLarge } from '../machine/faults.ts';
import { type FileContent, type Files, type ListOptions, MAX_FILE_BYTES, type WriteOptions } from '../ports.ts';
import { type AgentConnection, type Answer, ConnectionLost } from './connection.ts';
import { ENAMETOOLONG, ENOENT, fileError, gone } from './errors.ts';
import { First } from '../first.ts';
import { Type, Writer } from './frames.ts';
import { bytesOf, textOf } from './names.ts';

/** A file is sent in pieces of this size, so that other frames can go between them. */
const PIECE_BYTES = 64 * 1024;
const modes = { overwrite: 0, create: 1, append: 2 } as const;
const types: Readonly<Record<number, DirectoryEntry['type']>> = { 0: 'file', 1: 'directory', 2: 'symlink' };
/** No more entries are kept of one listing. */
const MAX_ENTRIES = 500_000;

/** How a file is to be that is copied from elsewhere. */
export interface Attributes {
  /** The lower nine bits of its mode. */
  readonly permissions: number;
  readonly mtimeMs: number;
}

export interface FileStatus {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** What is needed of a sandbox to bring a folder into it. */
export interface Receiving {
  readonly files: Pick<AgentFiles, 'createDirectory' | 'copyHere' | 'status'>;
}

export class AgentFiles implements Files {
  readonly #connection: AgentConnection;

  constructor(connection: AgentConnection) {
    this.#connection = connection;
  }

  write(path: string, content: Buffer | AsyncIterable<Buffer>, options: WriteOptions): Promise<void> {
    return this.#send(path, Buffer.isBuffer(content) ? [content] : content, options);
  }

  /** Writes a file that is copied from elsewhere. */
  copyHere(path: string, content: AsyncIterable<Buffer>, attributes: Attributes): Promise<void> {
    return this.#send(path, content, { mode: 'overwrite', executable: undefined }, attributes);
  }

  async #send(path: string, content: AsyncIterable<Buffer> | Iterable<Buffer>, options: WriteOptions, attributes?: Attributes): Promise<void> {
    const begin = new Writer()
      .u8(modes[options.mode]).u8(options.executable ? 1 : 0)
      .u16(attributes?.permissions ?? 0).u64(attributes ? Math.max(0, Math.floor(attributes.mtimeMs)) : 0)
      .text(bytesOf(path)).bytes;
    check(await this.#ask(path, async (channel) => {
      void this.#connection.send(Type.write, channel, begin);
      try {
        for await (const chunk of content) {
          for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
            await this.#connection.send(Type.data, channel, chunk.subarray(at, at + PIECE_BYTES));
          }
        }
      } catch (fault) {
        void this.#connection.send(Type.close, channel);
        throw fault;
      }
      void this.#connection.send(Type.end, channel);
    }), path);
  }

  async read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    const wanted = length ?? MAX_FILE_BYTES + 1;
    const pieces: Buffer[] = [];
    let room = wanted;
    const output = (bytes: Buffer) => {
      room -= bytes.length;
      if (room < 0) throw new Error('an agent sent more of a file than it was asked for');
      pieces.push(bytes);
    };
    const request = new Writer().u64(offset).u64(wanted).text(bytesOf(path)).bytes;
    const { payload } = check(await this.#ask(path, (channel) => this.#connection.send(Type.read, channel, request), { output }), path);
    const bytes = Buffer.concat(pieces);
    if (bytes.length > MAX_FILE_BYTES) throw fileTooLarge(path);
    return { bytes, size: Math.max(Number(payload.readBigUInt64LE(0)), bytes.length === 0 ? 0 : offset + bytes.length) };
  }

  async createDirectory(path: string, recursive: boolean): Promise<boolean> {
    const { payload } = check(await this.#request(Type.makeDirectory, path, new Writer().u8(recursive ? 1 : 0).text(bytesOf(path))), path);
    return payload[0] === 1;
  }

  async copy(source: string, destination: string, { recursive, overwrite }: { recursive: boolean; overwrite: boolean }): Promise<void> {
    if (destination === source || destination.startsWith(`${source}/`)) {
      throw new ProtocolError('InvalidPath', `${source} can't be copied into itself`, { path: destination });
    }
    checkLength(destination);
    const request = new Writer().u8(recursive ? 1 : 0).u8(overwrite ? 1 : 0).text(bytesOf(source)).text(bytesOf(destination));
    check(await this.#request(Type.copy, source, request), source);
  }

  async delete(path: string, { recursive, force }: { recursive: boolean; force: boolean }): Promise<boolean> {
    const answer = await this.#request(Type.remove, path, new Writer().u8(recursive ? 1 : 0).text(bytesOf(path)));
    if (answer.errno === ENOENT && force) return false;
    check(answer, path);
    return true;
  }

  async list(path: string, { recursive, limit, accept }: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }> {
    const first = new First<DirectoryEntry>(Math.min(limit, MAX_ENTRIES));
    const take = (bytes: Buffer) => {
      for (const entry of entriesIn(bytes, path)) {
        if (accept(entry.path.slice(path.length + 1))) first.add(entry);
      }
    };
    const request = new Writer().u8(recursive ? 1 : 0).text(bytesOf(path)).bytes;
    const { payload } = check(await this.#ask(path, (channel) => this.#connection.send(Type.list, channel, request), { entries: take }), path);
    const { entries } = first;
    return { entries, truncated: payload[0] === 1 || first.left > 0 };
  }

  /** What tells the file or directory at `path` from all others on its host. */
  async status(path: string): Promise<FileStatus> {
    const { payload } = check(await this.#request(Type.status, path, new Writer().text(bytesOf(path))), path);
    return { dev: payload.readBigUInt64LE(0), ino: payload.readBigUInt64LE(8) };
  }

  #request(type: number, path: string, request: Writer): Promise<Answer> {
    return this.#ask(path, (channel) => this.#connection.send(type, channel, request.bytes));
  }

  async #ask(path: string, ...[begin, take]: Parameters<AgentConnection['ask']>): Promise<Answer> {
    checkLength(path);
    try {
      return await this.#connection.ask(begin, take);
    } catch (fault) {
      throw fault instanceof ConnectionLost ? gone() : fault;
    }
  }
}

const MAX_PATH_BYTES = 4096;

/** The agent takes no path that the kernel would not take. @throws ProtocolError InvalidPath */
function checkLength(path: string): void {
  if (bytesOf(path).length >= MAX_PATH_BYTES) throw fileError(ENAMETOOLONG, path);
}

/** @throws ProtocolError if it says that something went wrong */
function check(answer: Answer, path: string): Answer {
  if (answer.errno !== 0) throw fileError(answer.errno, path);
  return answer;
}

/** Of each entry: type, mode, size, time of its last change, path below the root, which is in no need of being resolved. */
function* entriesIn(bytes: Buffer, root: string): Generator<DirectoryEntry> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at + 21);
    if (end < 0 || end - at - 21 >= MAX_PATH_BYTES) throw new Error('an agent sent an entry that makes no sense');
    const relative = textOf(bytes.subarray(at + 21, end));
    yield {
      name: relative.slice(relative.lastIndexOf('/') + 1),
      path: `${root}/${relative}`,
      type: types[bytes[at] as number] ?? 'other',
      size: Number(bytes.readBigUInt64LE(at + 5)),
      mtimeMs: Number(bytes.readBigUInt64LE(at + 13)),
      mode: bytes.readUInt32LE(at + 1),
    };
    at = end + 1;
  }
}
