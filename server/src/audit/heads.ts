/** Writes the heads of segments apart from the segments: a line for each batch of records. Nothing is ever changed there, so the place may be one where nothing can be. */
import { join } from 'node:path';
import type { Head } from './chain.ts';
import type { AppendFile, Disk } from './disk.ts';
import { EXTENSION, parseSegment } from './places.ts';

export class Heads {
  readonly #place: string;
  readonly #disk: Disk;
  #file: { readonly path: string; readonly file: AppendFile } | undefined;
  /** Whether the file ends with a part of a line. */
  #isTorn = false;
  #isShared: boolean | undefined;

  /** `place`: a folder, or a file for the heads of all daemons. */
  constructor(place: string, disk: Disk) {
    this.#place = place;
    this.#disk = disk;
  }

  /** @throws the system's error */
  add(head: Head): void {
    const file = this.#fileFor(head.segment);
    const line = `${JSON.stringify({ segment: head.segment, records: head.records, hash: head.hash })}\n`;
    const { written, fault } = file.append(Buffer.from(this.#isTorn ? `\n${line}` : line));
    if (written > 0) this.#isTorn = fault !== undefined;
    if (fault !== undefined) throw fault;
  }

  /** @throws the system's error */
  sync(): void {
    this.#file?.file.sync();
  }

  close(): void {
    this.#file?.file.close();
    this.#file = undefined;
  }

  #fileFor(segment: string): AppendFile {
    const { day = '', daemon = '' } = parseSegment(segment) ?? {};
    const isShared = (this.#isShared ??= this.#disk.isFile(this.#place));
    const folder = join(this.#place, day);
    const path = isShared ? this.#place : join(folder, `${daemon}${EXTENSION}`);
    if (this.#file?.path === path) return this.#file.file;
    if (!isShared) {
      this.#disk.makeFolder(this.#place);
      this.#disk.makeFolder(folder);
    }
    const file = isShared ? this.#disk.open(path) : this.#disk.create(path);
    this.close();
    this.#file = { path, file };
    this.#isTorn = false;
    return file;
  }
}
