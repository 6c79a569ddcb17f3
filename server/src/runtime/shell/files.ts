/** The file commands, as scripts for a held shell. They use builtins of the shell where possible, else POSIX tools. */
import { posix } from 'node:path';
import { type DirectoryEntry, ProtocolError } from '../../protocol/index.ts';
import { type FileContent, type Files, type ListOptions, MAX_FILE_BYTES, type WriteOptions } from '../ports.ts';
import { fileTooLarge } from '../machine/faults.ts';
import { ALREADY, checkNames, MISSING, throwFileError, WRONG_TYPE } from './file-errors.ts';
import { parseFind, parseStat } from './listing.ts';
import { printfFormat, quote } from './quote.ts';

export interface OperationOptions {
  /** Bytes that follow the line. */
  readonly body?: Buffer;
  /** Of stdout; what is over it is dropped. */
  readonly limit?: number;
}

export interface OperationResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

type Operate = (script: string, options?: OperationOptions) => Promise<OperationResult>;

/** A file up to this size travels in the line itself, which a shell reads byte by byte: for more, a process costs less. */
const MAX_INLINE_FORMAT = 1536;

export class ShellFiles implements Files {
  readonly #operate: Operate;
  /** busybox's find has no -printf. Known after the first listing. */
  #hasPrintf: boolean | undefined;

  constructor(operate: Operate) {
    this.#operate = operate;
  }

  async write(path: string, content: Buffer, { mode, executable }: WriteOptions): Promise<void> {
    const target = quote(path);
    const format = content.length <= MAX_INLINE_FORMAT ? printfFormat(content) : undefined;
    const inline = format !== undefined && format.length <= MAX_INLINE_FORMAT;
    const redirect = `${mode === 'append' ? '>>' : '>'}${target}`;
    // Where the file can't be opened, nobody has read the bytes yet.
    const write = inline ? `printf ${format} ${redirect}||r=1` : `{ cb_o=1;c ${content.length}||r=$?;} ${redirect}||r=1`;
    const drain = inline ? '' : `;[ -n "$cb_o" ]||c ${content.length} >/dev/null`;
    const create = mode === 'create';
    const script =
      `cb_o=;if [ -e ${target} ]&&[ ! -f ${target} ];then r=${WRONG_TYPE};` +
      (create ? `elif [ -e ${target} ]||[ -L ${target} ];then r=${ALREADY};` : '') +
      `else ${this.#makeParent(path)};${create ? 'set -C;' : ''}${write}${create ? ';set +C' : ''};fi${drain}` +
      (executable ? `;[ $r != 0 ]||LC_ALL=C chmod +x ${target}||r=1` : '');
    await this.#do(script, path, inline ? {} : { body: content });
  }

  async read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    const file = quote(path);
    const wanted = length ?? MAX_FILE_BYTES + 1;
    if (wanted > MAX_FILE_BYTES + 1) throw fileTooLarge(path);
    const bytes = offset === 0 ? `c ${wanted} <${file}` : `p ${offset} ${wanted} ${file}`;
    const size = `LC_ALL=C stat -L -c 'size %s' ${file} >&2`;
    const whole = offset === 0 && length === undefined;
    const { stdout, stderr } = await this.#do(
      `if [ ! -e ${file} ];then r=${MISSING};elif [ ! -f ${file} ];then r=${WRONG_TYPE};else ${bytes} || r=1;${whole ? ':' : size};fi`,
      path,
      { limit: wanted },
    );
    if (whole && stdout.length > MAX_FILE_BYTES) throw fileTooLarge(path);
    return { bytes: stdout, size: whole ? stdout.length : Number(/size (\d+)/.exec(stderr)?.[1] ?? stdout.length) };
  }

  async createDirectory(path: string, recursive: boolean): Promise<boolean> {
    const target = quote(path);
    const { status } = await this.#operateAllowing(
      [ALREADY],
      `if [ -d ${target} ];then r=${ALREADY};else LC_ALL=C mkdir ${recursive ? '-p ' : ''}${target} || r=1;fi`,
      path,
    );
    return status !== ALREADY;
  }

  async copy(source: string, destination: string, options: { recursive: boolean; overwrite: boolean }): Promise<void> {
    if (destination === source || destination.startsWith(`${source}/`)) {
      throw new ProtocolError('InvalidPath', `${source} can't be copied into itself`, { path: destination });
    }
    const [from, to] = [quote(source), quote(destination)];
    const refuse = options.overwrite ? '' : `elif [ -e ${to} ]||[ -L ${to} ];then r=${ALREADY};`;
    const directory = options.recursive
      ? `if [ -e ${to} ]&&[ ! -d ${to} ];then r=${WRONG_TYPE};${refuse}else LC_ALL=C mkdir -p ${to} && LC_ALL=C cp -R ${quote(`${source}/.`)} ${quote(`${destination}/`)} || r=1;fi`
      : `r=${WRONG_TYPE}`;
    const file = `if [ -e ${to} ]&&[ ! -f ${to} ];then r=${WRONG_TYPE};${refuse}else ${this.#makeParent(destination)};LC_ALL=C cp ${from} ${to} || r=1;fi`;
    await this.#do(
      `if [ ! -e ${from} ];then r=${MISSING};elif [ -d ${from} ];then ${directory};elif [ -f ${from} ];then ${file};else r=${WRONG_TYPE};fi`,
      source,
    );
  }

  async delete(path: string, { recursive, force }: { recursive: boolean; force: boolean }): Promise<boolean> {
    const target = quote(path);
    const { status } = await this.#operateAllowing(
      force ? [MISSING] : [],
      `if [ ! -e ${target} ]&&[ ! -L ${target} ];then r=${MISSING};elif [ -d ${target} ]&&[ ! -L ${target} ];then LC_ALL=C ${recursive ? 'rm -rf' : 'rmdir'} ${target} || r=1;else LC_ALL=C rm -f ${target} || r=1;fi`,
      path,
    );
    return status === 0;
  }

  async list(path: string, options: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }> {
    const start = quote(`${path}/`);
    const depth = `-mindepth 1${options.recursive ? '' : ' -maxdepth 1'}`;
    const check = (find: string) =>
      `if [ ! -e ${quote(path)} ];then r=${MISSING};elif [ ! -d ${quote(path)} ];then r=${WRONG_TYPE};else ${find};fi`;
    let entries: DirectoryEntry[] | undefined;
    if (this.#hasPrintf !== false) {
      const { stdout, stderr } = await this.#do(
        check(`LC_ALL=C find ${start} ${depth} -printf '%y\\t%s\\t%T@\\t%m\\t%P\\0'`), path, { limit: MAX_LISTING_BYTES });
      this.#hasPrintf = !stderr.includes('-printf');
      if (this.#hasPrintf) entries = parseFind(stdout, path);
    }
    if (!entries) {
      const { stdout } = await this.#do(
        check(`LC_ALL=C find ${start} ${depth} -exec stat -c '%f %s %Y %n//' {} +`), path, { limit: MAX_LISTING_BYTES });
      entries = parseStat(stdout, path);
    }
    const accepted = entries
      .filter((entry) => options.accept(posix.relative(path, entry.path)))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return { entries: accepted.slice(0, options.limit), truncated: accepted.length > options.limit };
  }

  #makeParent(path: string): string {
    const parent = quote(posix.dirname(path));
    return `[ -d ${parent} ]||LC_ALL=C mkdir -p ${parent}`;
  }

  #do(script: string, path: string, options?: OperationOptions): Promise<OperationResult> {
    return this.#operateAllowing([], script, path, options);
  }

  async #operateAllowing(allowed: readonly number[], script: string, path: string, options?: OperationOptions) {
    checkNames(path);
    const result = await this.#operate(script, options);
    if (result.status !== 0 && !allowed.includes(result.status)) throwFileError(result, path);
    return result;
  }
}

/** A listing that is longer is cut here, and an entry with it. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;
