/**
 * Hostile output on its way to the terminal. Colours, cursor, titles and links pass; what could reach beyond the
 * terminal does not: the clipboard (OSC 52), the editor's shell integration (OSC 633), files (OSC 1337), device
 * strings. A sequence leaves whole or not at all, so that between two pieces the terminal is never inside one.
 */

/** Title, colours, links. */
const allowedCommands = /^(?:[0-2]|4|8|1[0-9]|10[4-9]|11[0-9])(?:;|$)/;

/** A sequence longer than this is dropped with what follows, to its end. */
const MAX_SEQUENCE = 4 * 1024;

/** ESC, and the one-character forms of DCS, SOS, CSI, ST, OSC, PM, APC. */
const start = /[\x1b\x90\x98\x9b-\x9f]/;
const csi = /^(?:\x1b\[|\x9b)[0-?]*[ -/]*([@-~])/;
const csiOpen = /^(?:\x1b\[|\x9b)[0-?]*[ -/]*$/;
const text = /^(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])/;
/** What ends or breaks off a string. */
const textEnd = /\x07|\x1b\\|\x9c|[\x18\x1a]|\x1b(?=[^\\])/;
const simple = /^\x1b[ -/]*[0-~]/;
const simpleOpen = /^\x1b[ -/]*$/;

export class EscapeFilter {
  /** The beginning of a sequence whose end has not come yet. */
  #open = '';
  /** Inside a string that is too long: everything is dropped to its end. */
  #dropping = false;

  /** @returns what of `data`, and of what was held back, may be shown. */
  pass(data: string): string {
    if (this.#open === '' && !this.#dropping && !start.test(data)) return data;
    let rest = this.#open + data;
    this.#open = '';
    let out = '';
    while (rest !== '') {
      if (this.#dropping) {
        const end = textEnd.exec(rest);
        if (!end) {
          // The ESC of the end may be the last character.
          if (rest.endsWith('\x1b')) this.#open = '\x1b';
          return out;
        }
        this.#dropping = false;
        rest = rest.slice(end.index + end[0].length - (end[0] === '\x1b' ? 1 : 0));
        continue;
      }
      const at = rest.search(start);
      if (at === -1) return out + rest;
      out += rest.slice(0, at);
      rest = rest.slice(at);
      const length = this.#sequence(rest);
      if (length === undefined) return out;
      out += this.#allowed(rest.slice(0, length));
      rest = rest.slice(length);
    }
    return out;
  }

  /** @returns the length of the sequence at the start of `rest`, or undefined where nothing more can be done yet. */
  #sequence(rest: string): number | undefined {
    if (text.test(rest)) return this.#text(rest);
    const whole = csi.exec(rest) ?? (rest[1] === '[' ? null : simple.exec(rest));
    if (whole) return whole[0].length;
    if (!csiOpen.test(rest) && !simpleOpen.test(rest)) return 1;
    return this.#hold(rest);
  }

  #text(rest: string): number | undefined {
    const opening = rest.startsWith('\x1b') ? 2 : 1;
    const end = textEnd.exec(rest.slice(opening));
    if (end) return opening + end.index + (end[0] === '\x1b' ? 0 : end[0].length);
    if (rest.length <= MAX_SEQUENCE) return this.#hold(rest);
    this.#dropping = true;
    if (rest.endsWith('\x1b')) this.#open = '\x1b';
    return undefined;
  }

  #hold(rest: string): number | undefined {
    if (rest.length > MAX_SEQUENCE) return rest.length;
    this.#open = rest;
    return undefined;
  }

  #allowed(sequence: string): string {
    if (sequence.length === 1) return '';
    if (!text.test(sequence)) return sequence.length > MAX_SEQUENCE || !closed(sequence) ? '' : sequence;
    const [, command] = /^(?:\x1b\]|\x9d)([^\x07\x1b\x9c\x18\x1a]*)(?:\x07|\x1b\\|\x9c)$/.exec(sequence) ?? [];
    return command !== undefined && allowedCommands.test(command) ? sequence : '';
  }
}

/** Only the end tells what a control sequence does. */
function closed(sequence: string): boolean {
  return csi.test(sequence) || simple.test(sequence);
}
