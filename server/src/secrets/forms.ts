/** The forms in which the value of a secret appears in output: as it is, its lines, and its encodings in base64, percent signs and JSON. */
import { nextLoopIteration } from '../base/promises.ts';

/** Shorter texts are no patterns: they would be found in output that has nothing to do with the secret. */
export const MIN_BYTES = 4;
/** To make a longer form takes a moment. */
const LONG_BYTES = 4 * 1024;

/** Every form once. Empty where the value is too short to be found. Where it is long, the event loop has its turn in between. */
export async function formsInTurns(value: string): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (const form of candidates(value)) {
    found.push(form);
    if (form.length > LONG_BYTES) await nextLoopIteration();
  }
  return distinct(found);
}

/** The same at once. */
export function formsOf(value: string): Buffer[] {
  return distinct([...candidates(value)]);
}

/** Some of them may be the same. */
function* candidates(value: string): Generator<Buffer> {
  const bytes = Buffer.from(value);
  if (bytes.length < MIN_BYTES) return;
  for (const kind of [() => [bytes], () => lines(value), () => base64(bytes), () => percent(bytes), () => json(value)]) yield* kind();
}

function distinct(forms: readonly Buffer[]): Buffer[] {
  const each = new Map(forms.map((form) => [form.toString('latin1'), form]));
  return [...each.values()].filter((form) => form.length >= MIN_BYTES);
}

/** A terminal ends lines with a carriage return as well. */
function lines(value: string): Buffer[] {
  if (!/[\r\n]/.test(value)) return [];
  return [value.replaceAll(/\r?\n/g, '\r\n'), ...value.split(/[\r\n]+/).map((line) => line.trim())].map((text) => Buffer.from(text));
}

/** Programs break long lines of base64 after so many characters. */
const WIDTHS = [64, 76];

/**
 * What base64 makes of the bytes wherever they stand in a text. It depends on how many bytes are before them, modulo 3; the
 * characters at both ends that depend on the neighbours are left out. Where nothing follows them, the last character depends on
 * them alone: that is a form of its own.
 */
function base64(bytes: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    const toEnd = text.slice(Math.ceil((before * 8) / 6));
    const inner = toEnd.slice(0, Math.floor(((before + bytes.length) * 8) / 6) - Math.ceil((before * 8) / 6));
    const broken = before === 0 ? WIDTHS.filter((width) => inner.length > width).flatMap((width) => ['\n', '\r\n'].map((end) => brokenAfter(inner, width, end))) : [];
    return [inner, toEnd, ...broken].flatMap((each) => [each, each.replaceAll('-', '+').replaceAll('_', '/')]).map((each) => Buffer.from(each));
  });
}

function brokenAfter(text: string, width: number, end: string): string {
  const count = Math.ceil(text.length / width);
  return Array.from({ length: count }, (_, at) => text.slice(at * width, (at + 1) * width)).join(end);
}

/**
 * The characters that percent-encoding leaves as they are: none; those of RFC 3986; those and the slash (Python's `quote`); those
 * of `encodeURIComponent`; those of `encodeURI`; those of forms.
 */
const LEFT = [/(?!)/, /[A-Za-z0-9._~-]/, /[A-Za-z0-9._~/-]/, /[A-Za-z0-9._~!'()*-]/, /[A-Za-z0-9._~!'()*;/?:@&=+$,#-]/, /[A-Za-z0-9._*-]/];

/** What stands for each byte, in all ways of writing it. It is found out when a byte first comes. */
const writings = LEFT.flatMap((left) => ['%20', '+'].flatMap((space) => ['upper', 'lower'].map((digits) => ({ left, space, digits, texts: [] as Buffer[] }))));

function* percent(bytes: Buffer): Generator<Buffer> {
  for (const writing of writings) {
    const { texts } = writing;
    let size = 0;
    for (const byte of bytes) size += (texts[byte] ??= escaped(byte, writing)).length;
    const form = Buffer.allocUnsafe(size);
    let at = 0;
    for (const byte of bytes) {
      for (const each of texts[byte] as Buffer) form[at++] = each;
    }
    yield form;
  }
}

function escaped(byte: number, { left, space, digits }: (typeof writings)[number]): Buffer {
  const character = String.fromCharCode(byte);
  const code = `%${byte.toString(16).padStart(2, '0')}`;
  const text = left.test(character) ? character : character === ' ' ? space : digits === 'upper' ? code.toUpperCase() : code;
  return Buffer.from(text, 'latin1');
}

/**
 * As a string of JSON, without its quotes: plain, in ASCII alone, and both with escaped slashes; with the characters escaped
 * that mean something in HTML, as Go writes it; and as .NET does, which leaves only harmless characters of ASCII.
 */
function json(value: string): Buffer[] {
  const text = JSON.stringify(value).slice(1, -1);
  const ascii = text.replaceAll(/[^\0-\x7f]/g, code);
  const net = text.replaceAll('\\"', '"').replaceAll(/["&'+<>`\x7f]|[^\0-\x7f]/g, (unit) => code(unit).replaceAll(/[a-f]/g, (digit) => digit.toUpperCase()));
  const forms = [text, ascii].flatMap((each) => [each, each.replaceAll('/', '\\/')]);
  return [...forms, text.replaceAll(/[<>&\u2028\u2029]/g, code), net].map((each) => Buffer.from(each));
}

function code(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
