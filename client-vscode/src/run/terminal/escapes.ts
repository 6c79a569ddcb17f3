/**
 * Removes harmful escape sequences from a program's output. Colours, cursor movements, titles and hyperlinks pass. What
 * reaches beyond the terminal does not: the clipboard (OSC 52), the editor's shell integration (OSC 633), files and images
 * (OSC 1337), device control strings. A sequence passes whole or not at all, so the terminal is never inside one between
 * two pieces of output, where the extension may write something of its own.
 */

/** The numbers of operating system commands (OSC) that pass: titles, colours, hyperlinks. */
const allowedCommands = /^(?:[0-2]|4|8|1[0-9]|10[4-9]|11[0-9])(?:;|$)/;

/** A longer sequence is dropped, together with what follows up to its end. */
const MAX_SEQUENCE = 4 * 1024;

/** ESC, and the one-character forms (C1) of DCS, SOS, CSI, ST, OSC, PM and APC. */
const introducer = /[\x1b\x90\x98\x9b-\x9f]/;
const controlSequence = /^(?:\x1b\[|\x9b)[0-?]*[ -/]*([@-~])/;
const controlSequenceStart = /^(?:\x1b\[|\x9b)[0-?]*[ -/]*$/;
/** OSC, DCS, PM, APC and SOS are followed by a string. */
const stringStart = /^(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])/;
/** What ends a string (BEL, ST) or breaks it off (CAN, SUB, another escape sequence). */
const stringEnd = /\x07|\x1b\\|\x9c|[\x18\x1a]|\x1b(?=[^\\])/;
const shortSequence = /^\x1b[ -/]*[0-~]/;
const shortSequenceStart = /^\x1b[ -/]*$/;

export class EscapeFilter {
  /** The start of a sequence whose end has not come yet. */
  #incomplete = '';
  /** Whether the output is inside a string that is too long and is dropped up to its end. */
  #dropping = false;

  /** @returns what may be shown of `data` and of what was held back before */
  filter(data: string): string {
    if (this.#incomplete === '' && !this.#dropping && !introducer.test(data)) return data;
    let rest = this.#incomplete + data;
    this.#incomplete = '';
    let out = '';
    while (rest !== '') {
      if (this.#dropping) {
        const end = stringEnd.exec(rest);
        if (!end) {
          // The last character may be the ESC of the string's end.
          if (rest.endsWith('\x1b')) this.#incomplete = '\x1b';
          return out;
        }
        this.#dropping = false;
        rest = rest.slice(end.index + end[0].length - (end[0] === '\x1b' ? 1 : 0));
        continue;
      }
      const at = rest.search(introducer);
      if (at === -1) return out + rest;
      out += rest.slice(0, at);
      rest = rest.slice(at);
      const length = this.#sequenceLength(rest);
      if (length === undefined) return out;
      out += allowed(rest.slice(0, length));
      rest = rest.slice(length);
    }
    return out;
  }

  /** @returns the length of the sequence at the start of `rest`, or undefined if its end has not come yet */
  #sequenceLength(rest: string): number | undefined {
    if (stringStart.test(rest)) return this.#stringLength(rest);
    const whole = controlSequence.exec(rest) ?? (rest[1] === '[' ? null : shortSequence.exec(rest));
    if (whole) return whole[0].length;
    if (!controlSequenceStart.test(rest) && !shortSequenceStart.test(rest)) return 1;
    return this.#holdBack(rest);
  }

  #stringLength(rest: string): number | undefined {
    const opening = rest.startsWith('\x1b') ? 2 : 1;
    const end = stringEnd.exec(rest.slice(opening));
    if (end) return opening + end.index + (end[0] === '\x1b' ? 0 : end[0].length);
    if (rest.length <= MAX_SEQUENCE) return this.#holdBack(rest);
    this.#dropping = true;
    if (rest.endsWith('\x1b')) this.#incomplete = '\x1b';
    return undefined;
  }

  #holdBack(rest: string): number | undefined {
    if (rest.length > MAX_SEQUENCE) return rest.length;
    this.#incomplete = rest;
    return undefined;
  }
}

/** @returns the sequence, or nothing if it may not pass */
function allowed(sequence: string): string {
  if (sequence.length === 1) return '';
  if (!stringStart.test(sequence)) {
    const complete = controlSequence.test(sequence) || shortSequence.test(sequence);
    return complete && sequence.length <= MAX_SEQUENCE ? sequence : '';
  }
  const [, command] = /^(?:\x1b\]|\x9d)([^\x07\x1b\x9c\x18\x1a]*)(?:\x07|\x1b\\|\x9c)$/.exec(sequence) ?? [];
  return command !== undefined && allowedCommands.test(command) ? sequence : '';
}
