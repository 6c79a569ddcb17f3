/** Text and bytes through a real shell and back, as the held shell reads them: a line, evaluated. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { assignments, printfFormat, quote } from '../../../server/src/runtime/shell/quote.ts';
import { localShells, type LocalShell } from './shells.ts';

const SEED = 79;
const LOOP = `cb_n='\n'\nwhile IFS= read -r line; do command eval "$line"; done`;

/** What the shell prints for these lines. */
function output({ file, args, argv0 }: LocalShell, lines: readonly string[]): Buffer {
  for (const line of lines) expect(line).not.to.match(/[\n\0]/);
  const { stdout, stderr } = spawnSync(file, [...args, '-c', LOOP], { argv0, input: lines.map((line) => `${line}\n`).join('') });
  expect(stderr.toString()).to.equal('');
  return stdout;
}

const nasty = ['', '-', '--', '-n', '-x', '-- -', '\\', '\\n', "'", "''", "'\\''", '"', '$cb_n', '$(id)', '`id`', '~', '*', '#', '!', '\n', '\n\n', ' ', '\t',
  '\r', '\x01', '\x7f', '\x81', '\u0088', 'é', '日本', '🐚', 'a\nb', "it's", '%s', '%', '%%', '\\0', '\\101', 'a=b', '=', '&', ';', '{', '}', '\x1b[0m', ' x ', '\u2028'];

const word = fc.oneof(
  fc.constantFrom(...nasty),
  fc.array(fc.constantFrom(...nasty), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
).map((text) => text.replaceAll('\0', ''));

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
  word.map((text) => Buffer.from(text)),
  fc.array(fc.constantFrom('-', '\\', '%', "'", '\0', '0', '7', '9', '\n', 'c'), { maxLength: 12 }).map((parts) => Buffer.from(parts.join(''))),
);

for (const shell of localShells) {
  describe(`quoted for ${shell.name}`, function () {
    this.timeout(60_000);

    it('text is one word, to the letter', () => {
      const property = fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const out = output(shell, [`set -- ${words.map(quote).join(' ')};printf '%s\\000' $# "$@"`]);
        expect(out.toString().split('\0')).to.deep.equal([String(words.length), ...words, '']);
      });
      fc.assert(property, { seed: SEED, numRuns: 60 });
    });

    it('text is one word, also the nasty ones', () => {
      const out = output(shell, nasty.map((text) => `printf '%s\\000' ${quote(text)}`));
      expect(out.toString().split('\0')).to.deep.equal([...nasty, '']);
    });

    it('environment is what was asked for', () => {
      const out = output(shell, [`${assignments({ A: "it's", B: 'two\nlines', _C: '' })}sh -c 'printf "%s|" "$A" "$B" "$_C"'`]);
      expect(out.toString()).to.equal("it's|two\nlines||");
    });

    it('every byte is printed as it is', () => {
      expect(output(shell, [`printf ${printfFormat(everyByte)}`])).to.deep.equal(everyByte);
      for (const byte of everyByte) {
        const twice = Buffer.from([byte, byte]);
        expect(output(shell, [`printf ${printfFormat(twice)}`])).to.deep.equal(twice);
        if (byte % 32 !== 0) continue;
        const before = Buffer.concat([twice, Buffer.from('7')]);
        expect(output(shell, [`printf ${printfFormat(before)}`])).to.deep.equal(before);
      }
    });

    it('bytes are printed as they are, also options, formats and escapes', () => {
      const property = fc.property(fc.array(bytes, { minLength: 1, maxLength: 20 }), (list) => {
        expect(output(shell, list.map((each) => `printf ${printfFormat(each)}`))).to.deep.equal(Buffer.concat(list));
      });
      fc.assert(property, { seed: SEED, numRuns: 60 });
    });

    it('bytes that look like an option are no option', () => {
      for (const text of ['-', '-n', '-v x', '--', '-- ', '---', '- item\n- item\n']) {
        expect(output(shell, [`printf ${printfFormat(Buffer.from(text))}`]).toString()).to.equal(text);
      }
    });
  });
}
