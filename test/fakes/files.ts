/** Files in memory. They fail as real files do, except for faults of the disk. */
import { posix } from 'node:path';
import { type DirectoryEntry, type ErrorKind, ProtocolError } from '../../server/src/protocol/index.ts';
import { type FileContent, type Files, type ListOptions, MAX_FILE_BYTES, type WriteOptions } from '../../server/src/runtime/ports.ts';

type Node = { readonly content: Buffer; readonly executable: boolean } | 'directory';

const MAX_NAME_BYTES = 255;

export class FakeFiles implements Files {
  readonly #nodes = new Map<string, Node>([['/workspace', 'directory'], ['/tmp', 'directory']]);
  readonly #check: () => void;
  /** Every call awaits it, so that a test can see the call, hold it up or make it fail. */
  doing: (operation: keyof Files, path: string) => Promise<void> | void = () => undefined;

  /** `check` throws if the sandbox is gone. */
  constructor(check: () => void = () => undefined) {
    this.#check = check;
  }

  /** Whether there are no files except those that the daemon itself prepares. */
  get empty(): boolean {
    return [...this.#nodes.keys()].every((path) => /^\/(?:workspace|tmp)(?:$|\/\.codebeaker-)/.test(path));
  }

  async write(path: string, content: Buffer, { mode, executable }: WriteOptions): Promise<void> {
    await this.#begin('write', path);
    const there = this.#nodes.get(path);
    if (there === 'directory') throw fault('WrongFileType', path);
    if (there && mode === 'create') throw fault('FileExists', path);
    this.#makeDirectories(posix.dirname(path));
    const before = mode === 'append' ? (there?.content ?? Buffer.alloc(0)) : Buffer.alloc(0);
    this.#nodes.set(path, { content: Buffer.concat([before, content]), executable: executable ?? there?.executable ?? false });
  }

  async read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    await this.#begin('read', path);
    const node = this.#require(path);
    if (node === 'directory') throw fault('WrongFileType', path);
    const { content } = node;
    const bytes = content.subarray(offset, length === undefined ? undefined : offset + length);
    if (bytes.length > MAX_FILE_BYTES) throw fault('FileTooLarge', path);
    return { bytes: Buffer.from(bytes), size: content.length };
  }

  async createDirectory(path: string, recursive: boolean): Promise<boolean> {
    await this.#begin('createDirectory', path);
    const there = this.#nodes.get(path);
    if (there === 'directory') return false;
    if (there) throw fault('FileExists', path);
    if (!recursive) this.#requireDirectory(posix.dirname(path));
    this.#makeDirectories(path);
    return true;
  }

  async copy(source: string, destination: string, { recursive, overwrite }: { recursive: boolean; overwrite: boolean }): Promise<void> {
    await this.#begin('copy', source);
    if (destination === source || destination.startsWith(`${source}/`)) throw fault('InvalidPath', destination);
    const node = this.#require(source);
    const there = this.#nodes.get(destination);
    if (node === 'directory' && !recursive) throw fault('WrongFileType', source);
    if (there && (there === 'directory') !== (node === 'directory')) throw fault('WrongFileType', destination);
    if (there && !overwrite) throw fault('FileExists', destination);
    this.#makeDirectories(posix.dirname(destination));
    for (const [path, each] of [...this.#nodes]) {
      if (path === source || path.startsWith(`${source}/`)) this.#nodes.set(destination + path.slice(source.length), each);
    }
  }

  async delete(path: string, { recursive, force }: { recursive: boolean; force: boolean }): Promise<boolean> {
    await this.#begin('delete', path);
    if (!this.#nodes.has(path)) {
      if (force) return false;
      throw fault('FileNotFound', path);
    }
    const below = [...this.#nodes.keys()].filter((each) => each.startsWith(`${path}/`));
    if (below.length > 0 && !recursive) throw fault('WrongFileType', path);
    for (const each of [path, ...below]) this.#nodes.delete(each);
    return true;
  }

  async list(path: string, { recursive, limit, accept }: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }> {
    await this.#begin('list', path);
    this.#requireDirectory(path);
    const below = [...this.#nodes].filter(([each]) => each.startsWith(`${path}/`));
    const shown = recursive ? below : below.filter(([each]) => posix.dirname(each) === path);
    const entries = shown
      .filter(([each]) => accept(each.slice(path.length + 1)))
      .map(([each, node]) => describeNode(each, node))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return { entries: entries.slice(0, limit), truncated: entries.length > limit };
  }

  isDirectory(path: string): boolean {
    return this.#nodes.get(path) === 'directory';
  }

  async #begin(operation: keyof Files, path: string): Promise<void> {
    this.#check();
    await this.doing(operation, path);
    this.#check();
    if (path.split('/').some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) throw fault('InvalidPath', path);
  }

  #require(path: string): Node {
    const node = this.#nodes.get(path);
    if (!node) throw fault('FileNotFound', path);
    return node;
  }

  #requireDirectory(path: string): void {
    if (this.#require(path) !== 'directory') throw fault('WrongFileType', path);
  }

  #makeDirectories(path: string): void {
    const there = this.#nodes.get(path);
    if (there === 'directory') return;
    if (there || path === '/') throw fault('WrongFileType', path);
    this.#makeDirectories(posix.dirname(path));
    this.#nodes.set(path, 'directory');
  }
}

function describeNode(path: string, node: Node): DirectoryEntry {
  const directory = node === 'directory';
  return {
    name: posix.basename(path),
    path,
    type: directory ? 'directory' : 'file',
    size: directory ? 0 : node.content.length,
    mtimeMs: Date.now(),
    mode: directory || node.executable ? 0o755 : 0o644,
  };
}

function fault(kind: ErrorKind, path: string): ProtocolError {
  return new ProtocolError(kind, `${path}: ${kind}`, { path });
}
