/** No output shows a secret, whatever it is and however it is cut; and output without one is not changed (F-E7). */
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { escape } from 'node:querystring';
import { Automaton } from '../../server/src/secrets/automaton.ts';
import { formsOf } from '../../server/src/secrets/forms.ts';
import { Redactor } from '../../server/src/secrets/redactor.ts';
import { Secrets } from '../../server/src/secrets/secrets.ts';

const seed = 20_261_129;

/** Few letters, so that secrets overlap with each other, with themselves and with the text between them. No `*`, which the mark has. */
const secret = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', ' '), minLength: 4, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '+', '%', '"', '\n', 'é', '😀', '\\'), minLength: 4, maxLength: 100 }),
);
const secrets = fc.array(secret, { minLength: 1, maxLength: 3 });
const cuts = fc.array(fc.nat(12), { maxLength: 200 });
const noise = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'Y', 'W', '%', '2', '\n', '😀'), maxLength: 10 });

/** An output with forms of the secrets, whole and cut off, among other text. */
const outputOf = (values: readonly string[]) => {
  const all = values.flatMap(formsOf);
  const part = fc.tuple(fc.constantFrom(...all), fc.nat(100), noise).map(([form, length, after]) => Buffer.concat([form.subarray(0, length < 30 ? length : form.length), Buffer.from(after)]));
  return fc.array(fc.oneof(part, noise.map((text) => Buffer.from(text))), { maxLength: 8 }).map((parts) => Buffer.concat(parts));
};
const scene = secrets.chain((values) => fc.record({ values: fc.constant(values), output: outputOf(values), sizes: cuts }));

function chunks(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const all: Buffer[] = [];
  let at = 0;
  for (const size of sizes) all.push(bytes.subarray(at, (at += size)));
  return [...all, bytes.subarray(at)];
}

function redact(redactor: Redactor, pieces: readonly Buffer[]): Buffer {
  return Buffer.concat([...pieces.map((piece) => Buffer.from(redactor.push(piece))), redactor.rest()]);
}

/** The same, as plainly as it can be said: what overlaps is one. */
function plainly(bytes: Buffer, forms: readonly Buffer[]): string {
  const found = forms.flatMap((form) => {
    const all: [number, number][] = [];
    for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) all.push([at, at + form.length]);
    return all;
  }).sort(([a], [b]) => a - b);
  let out = '';
  let at = 0;
  for (const [start, end] of found) {
    if (start >= at) out += `${bytes.toString('latin1', at, start)}***`;
    at = Math.max(at, end);
  }
  return out + bytes.toString('latin1', at);
}

describe('a redactor', () => {
  it('leaves no character of base64 that depends on the secret alone, where nothing follows it (F-E7)', () => {
    for (const value of ['hunter2hunter', 'hunter2hunte', 'hunter2hunt']) {
      const automaton = Automaton.of(formsOf(value));
      const redactor = () => new Redactor(automaton);
      const shown = (text: string) => redact(redactor(), [Buffer.from(text)]).toString().replaceAll('=', '');
      expect(shown(Buffer.from(value).toString('base64')), value).to.equal('***');
      expect(shown(Buffer.from(`abc${value}`).toString('base64')), value).to.equal('YWJj***');
    }
  });

  it('never shows a secret or an encoding of it, and gives the same for every chunking (F-E7)', () =>
    fc.assert(fc.property(scene, ({ values, output, sizes }) => {
      const forms = values.flatMap(formsOf);
      const shown = redact(new Redactor(Automaton.of(forms)), chunks(output, sizes));
      for (const form of forms) expect(shown.includes(form), form.toString()).to.equal(false);
      expect(shown.toString('latin1')).to.equal(plainly(output, forms));
    }), { seed, numRuns: 1500 }));

  it('changes nothing where there is none', () =>
    fc.assert(fc.property(secrets, fc.uint8Array({ maxLength: 300 }), cuts, (values, bytes, sizes) => {
      const forms = values.flatMap(formsOf);
      const output = Buffer.from(bytes);
      fc.pre(!forms.some((form) => output.includes(form)));
      expect(redact(new Redactor(Automaton.of(forms)), chunks(output, sizes)).equals(output)).to.equal(true);
    }), { seed, numRuns: 500 }));

  it('holds back nothing but the longest end that may still become a secret', () =>
    fc.assert(fc.property(scene, ({ values, output, sizes }) => {
      const forms = values.flatMap(formsOf);
      const redactor = new Redactor(Automaton.of(forms));
      let read = Buffer.alloc(0);
      let shown = '';
      for (const piece of chunks(output, sizes)) {
        read = Buffer.concat([read, piece]);
        shown += redactor.push(piece).toString('latin1');
        const held = Math.max(0, ...forms.flatMap((form) => Array.from({ length: Math.min(form.length, read.length) + 1 }, (_, length) => (form.subarray(0, length).equals(read.subarray(read.length - length)) ? length : 0))));
        const whole = plainly(read, forms);
        if (!whole.includes('***')) expect(shown).to.equal(whole.slice(0, whole.length - held));
      }
    }), { seed, numRuns: 300 }));

  it('does not keep the chunk that it was given', () => {
    const redactor = new Redactor(Automaton.of([Buffer.from('secret')]));
    const chunk = Buffer.from('a sec');
    expect(redactor.push(chunk).toString()).to.equal('a ');
    chunk.fill('x');
    expect(Buffer.concat([redactor.push(Buffer.from('ond')), redactor.rest()]).toString()).to.equal('second');
  });

  it('passes on a chunk that has nothing to do with a secret without a copy', () => {
    const chunk = Buffer.from('what is your name? ');
    expect(new Redactor(Automaton.of([Buffer.from('secret')])).push(chunk)).to.equal(chunk);
  });
});

describe('the secrets of a session', () => {
  const value = 'pässword/with +"quotes" & \'<100%~s>\', of some length, so that it is broken into several lines of base64';
  const wrapped = (width: number) => Buffer.from(value).toString('base64').replaceAll(new RegExp(`(.{${width}})`, 'g'), '$1\n');
  const encoders: Record<string, (text: string) => string> = {
    'as it is': (text) => text,
    'by encodeURIComponent': encodeURIComponent,
    'by encodeURI': encodeURI,
    'by encodeURI, in small letters': (text) => encodeURI(text).replaceAll(/%../g, (code) => code.toLowerCase()),
    'by querystring': escape,
    'as a field of a form': (text) => new URLSearchParams({ text }).toString(),
    'with every byte as a code': (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    'as JSON': JSON.stringify,
    'as JSON in ASCII': (text) => JSON.stringify(text).replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    'as JSON of Go': (text) => JSON.stringify(text).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'),
    'as JSON of .NET': (text) => [...text].map((each) => (/[ä+"&'<>]/.test(each) ? `\\u00${each.charCodeAt(0).toString(16).toUpperCase()}` : each)).join(''),
    'as JSON with escaped slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
    ...Object.fromEntries([0, 1, 2, 3].map((count) => [`in base64 behind ${count} bytes`, (text: string) => Buffer.from(`${'x'.repeat(count)}${text}yz`).toString('base64')])),
    'in base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
    'in base64 with lines of 76': () => wrapped(76),
    'in base64 with lines of 64': () => wrapped(64),
  };
  for (const [name, encode] of Object.entries(encoders)) {
    it(`are not shown ${name}`, async () => {
      const text = encode(value);
      const shown = (await Secrets.make({ A: value })).redact(`before ${text} after`);
      expect(shown).to.contain('***');
      expect(shown.length, shown).to.be.lessThan(30);
    });
  }

  it('of several lines are not shown line by line, as a terminal ends lines too', async () => {
    const key = '-----BEGIN KEY-----\nMIIBOwIBAAJB\nAK8pR1\nab\n-----END KEY-----\n';
    const secrets = await Secrets.make({ KEY: key });
    expect(secrets.redact(`a ${key.replaceAll('\n', '\r\n')}b`)).to.equal('a ***b');
    expect(secrets.redact('  AK8pR1 x ab')).to.equal('  *** x ab');
  });

  it('that are long leave the event loop its turns while their forms are searched for, and are found', async () => {
    const value = randomBytes(47 * 1024).toString('base64');
    let turns = 0;
    const count = () => void (turns++, (next = setImmediate(count)));
    let next = setImmediate(count);
    const made = await Secrets.make({ ONE: value, TWO: value.toLowerCase() });
    clearImmediate(next);
    expect(turns).to.be.greaterThan(30);
    expect(made.redact(`a${value}b${encodeURIComponent(value)}c`)).to.equal('a***b***c');
  });

  it('that are short are told, and not searched for', async () => {
    const secrets = await Secrets.make({ PIN: '123', LONG: '1234' });
    expect(secrets.tooShort).to.deep.equal(['PIN']);
    expect(secrets.redact('123 1234')).to.equal('123 ***');
  });
});
