/** Reads the header of one message, line by line. Field names are case-insensitive, and unknown fields are ignored. */
export class Header {
  lines = 0;
  /** How many bytes of the header have been read, including the line ends. */
  bytes = 0;
  length: number | undefined;
  /** Why the message is refused, if the position of its end is known. */
  refusal: string | undefined;
  /** Why the position of its end is not known. */
  fault: string | undefined;

  /** `whole` is false if `line` is only the beginning of a line that was too long to be kept. */
  add(line: string, whole: boolean): void {
    this.lines += 1;
    const colon = line.indexOf(':');
    if (colon < 0) {
      this.refusal ??= 'a line of its header has no colon';
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
    else if (this.length !== undefined && this.length !== length) this.fault ??= 'a header has two different Content-Lengths';
    else this.length = length;
  }

  #contentType(value: string): void {
    const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(value)?.[1]?.toLowerCase();
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
      this.refusal ??= 'its charset is not utf-8';
    }
  }
}
