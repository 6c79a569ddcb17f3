/** One file of records, which one daemon writes. */
import { emptyHead, type Head, lineOf } from './chain.ts';
import type { AppendFile } from './disk.ts';
import { parseSegment } from './places.ts';

export interface Written {
  /** How many of the records were written. */
  readonly records: number;
  readonly fault?: Error | undefined;
}

/** Invariant: `head` is what the file says up to its last whole line. */
export class Segment {
  readonly day: string;
  readonly #file: AppendFile;
  #head: Head;
  #size = 0;
  #isBroken = false;

  constructor(name: string, file: AppendFile) {
    this.day = parseSegment(name)?.day ?? '';
    this.#file = file;
    this.#head = emptyHead(name);
  }

  get head(): Head {
    return this.#head;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether nothing more can be written: somebody removed it, or it ends with a part of a line, which could not be removed. */
  get isBroken(): boolean {
    return this.#isBroken || !this.#file.isThere();
  }

  /** `rests`: texts as `render` makes them. A line that could be written only in part is removed again. */
  write(rests: readonly string[]): Written {
    const before = this.#head;
    let head = before;
    const lines = rests.map((rest) => {
      const line = lineOf(head, rest);
      head = { ...head, records: head.records + 1, hash: line.hash };
      return { bytes: Buffer.from(line.text), head };
    });
    const { written, fault } = this.#file.append(Buffer.concat(lines.map(({ bytes }) => bytes)));
    let whole = 0;
    for (const line of lines) {
      if (whole + line.bytes.length > written) break;
      whole += line.bytes.length;
      this.#head = line.head;
    }
    this.#size += whole;
    if (written > whole) this.#cut();
    return { records: this.#head.records - before.records, fault };
  }

  /** @throws the system's error */
  sync(): void {
    this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  #cut(): void {
    try {
      this.#file.cut(this.#size);
    } catch {
      this.#isBroken = true;
    }
  }
}
