/** Writes the heads of segments apart from the segments: a line for each batch of records. Nothing is ever changed there, so the place may be one where nothing can be. */
import { join } from 'node:path';
import type { Head } from './chain.ts';
import type { AppendFile, Disk } from './disk.ts';
import { EXTENSION, parseSegment } from './places.ts';

export class Heads {
  readonly #place: string;
  readonly #disk: Disk;
  #open: { readonly path: string; readonly file: AppendFile } | undefined;
  /** The files that end with a part of a line. */
  readonly #torn = new Set<string>();
  #isShared: boolean | undefined;

  /** `place`: a folder, or a file for the heads of all daemons. */
  constructor(place: string, disk: Disk) {
    this.#place = place;
    this.#disk = disk;
  }

  /** @throws the system's error */
  add(head: Head): void {
    const { path, file } = this.#fileFor(head.segment);
    const line = `${JSON.stringify({ segment: head.segment, records: head.records, hash: head.hash })}\n`;
    const { written, fault } = file.append(Buffer.from(this.#torn.has(path) ? `\n${line}` : line));
    if (fault === undefined) this.#torn.delete(path);
    else if (written > 0) this.#torn.add(path);
    if (fault !== undefined) throw fault;
  }

  /** @throws the system's error */
  sync(): void {
    this.#open?.file.sync();
  }

  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #fileFor(segment: string): { readonly path: string; readonly file: AppendFile } {
    const { day = '', daemon = '' } = parseSegment(segment) ?? {};
    const isShared = (this.#isShared ??= this.#disk.isFile(this.#place));
    const folder = join(this.#place, day);
    const path = isShared ? this.#place : join(folder, `${daemon}${EXTENSION}`);
    if (this.#open?.path === path) return this.#open;
    if (!isShared) {
      this.#disk.makeFolder(this.#place);
      this.#disk.makeFolder(folder);
    }
    const file = this.#disk.open(path);
    this.close();
    this.#open = { path, file };
    return this.#open;
  }
}
