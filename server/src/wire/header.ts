/** The header of one message, line by line. Field names are case-insensitive; fields that mean nothing here are ignored. */
export class Header {
  lines = 0;
  /** Bytes read so far, line ends included. */
  bytes = 0;
  length: number | undefined;
  /** Why the message can't be taken, though its end is known. */
  refusal: string | undefined;
  /** Why its end can't be known. */
  fault: string | undefined;

  /** `whole` is false where `line` is only the beginning of a line that was too long to keep. */
  add(line: string, whole: boolean): void {
    this.lines += 1;
    const colon = line.indexOf(':');
    if (colon < 0) {
      this.refusal ??= 'a header line without a colon';
      return;
    }
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') this.#contentLength(whole ? value : '');
    else if (name === 'content-type') this.#contentType(value);
  }

  #contentLength(value: string): void {
    const length = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(length)) this.fault ??= 'Content-Length is not a decimal number of bytes';
    else if (this.length !== undefined && this.length !== length) this.fault ??= 'two Content-Lengths that differ';
    else this.length = length;
  }

  #contentType(value: string): void {
    const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(value)?.[1]?.toLowerCase();
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
      this.refusal ??= 'the charset is not utf-8';
    }
  }
}
