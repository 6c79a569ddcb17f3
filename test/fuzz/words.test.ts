/** A program gets as arguments, variables, folder, input and files byte for byte what was sent, whatever characters these have; and a shell reads a quoted word as it is. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { quote } from '../../server/src/runtime/machine/quote.ts';
import { everySandbox, useSandbox } from '../runtime/agent/promises/sandboxes.ts';
import { run } from '../runtime/contract/harness.ts';
import { forAWhile, timeoutFor } from './while.ts';

const SHARE = 0.12;

/** As UTF-8 can say it, without NUL, and without the characters that stand for bytes that are no UTF-8 (PROTOCOL.md says so of paths and words). */
const whole = (value: string) => Buffer.from(value.replaceAll(/[\0\u{10fe80}-\u{10feff}]/gu, '')).toString();

/** What shells, printf, JSON, terminals and file systems treat in their own way, and any other text without NUL. */
const text = fc.oneof(
  fc.constantFrom('', ' ', '  a  b ', "'", '"', '\\', '\\\\', '$HOME', '`id`', '$(id)', '*', '?', '[a]', '~', '!', '#', '&&', ';', '|', '>', '<', '\n', '\r\n', '\t', '-', '--', '-n', '-e', '%s%n', '=', 'a=b', '{a,b}', '\u0001', '\u001b[31m', '\u007f', '\u0085', '\u2028', 'é', 'e\u0301', '😀', '\ufeff', '\uffff', '\u202e'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\n', 'a'), maxLength: 30 }),
  fc.integer({ min: 1000, max: 20_000 }).map((length) => "x'".repeat(length / 2)),
).map(whole);

const name = fc.oneof(fc.constantFrom('A', '_', 'a1', 'IFS', 'PS4', 'OPTIND', 'LANG', 'BASH_FUNC_x', '_x'), fc.string({ unit: fc.constantFrom('a', 'B', '_', '7'), minLength: 1, maxLength: 12 }).map((word) => `v${word}`));
const folder = text.map((value) => whole(value.replaceAll('/', '').slice(0, 30))).filter((value) => value !== '' && value !== '.' && value !== '..');

/** Prints everything that it was given, as JSON. */
const echo = `
import json, os, sys
text = lambda value: os.fsencode(value).hex()
print(json.dumps({"argv": [text(a) for a in sys.argv[1:]], "env": {text(k): text(v) for k, v in os.environ.items()}, "cwd": text(os.getcwd()), "stdin": sys.stdin.buffer.read().hex()}))
`;

/** Prints every file of its folder, and turns its bytes round. */
const turned = `
import json, os
def turn(name):
    with open(name, 'rb+') as file:
        text = file.read(); file.seek(0); file.write(text[::-1])
    return text.hex()
print(json.dumps({os.fsencode(name).hex(): turn(name) for name in os.listdir(b'.')}))
`;

const hex = (value: string | readonly number[] | Uint8Array): string => Buffer.from(value as string).toString('hex');

describe('a quoted word', function () {
  this.timeout(timeoutFor(SHARE / 12));

  it('is read by a shell as it is', async () => {
    await forAWhile(SHARE / 12, fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (words) => {
      const { stdout } = spawnSync('/bin/sh', { input: `printf '%s\\0' ${words.map(quote).join(' ')}` });
      expect(stdout.toString('hex')).to.equal(words.map((each) => `${hex(each)}00`).join(''));
    }));
  });
});

everySandbox('a program', ['native', 'docker', 'gvisor'], (parts) => {
  const held = useSandbox(parts);

  it('gets exactly what was sent', async function () {
    this.timeout(timeoutFor(SHARE));
    const given = fc.record({ argv: fc.array(text, { maxLength: 6 }), env: fc.dictionary(name, text, { maxKeys: 5 }), folder, stdin: fc.uint8Array({ maxLength: 2000 }) });
    await forAWhile(SHARE, fc.asyncProperty(given, async ({ argv, env, folder: below, stdin }) => {
      const { sandbox } = held;
      const cwd = `/workspace/${below}`;
      await sandbox.files.createDirectory(cwd, true);
      const { exit, stdout, stderr } = await run(sandbox, ['python3', '-c', echo, ...argv], { cwd, env, stdin: stdin.length > 0 ? Buffer.from(stdin) : 'none' });
      expect(exit, stderr.toString()).to.deep.include({ kind: 'exited', code: 0 });
      const got = JSON.parse(stdout.toString()) as { argv: string[]; env: Record<string, string>; cwd: string; stdin: string };
      expect(got.argv).to.deep.equal(argv.map(hex));
      expect(got.cwd).to.equal(hex(cwd));
      expect(got.stdin).to.equal(hex(stdin));
      for (const [key, value] of Object.entries(env)) expect(got.env[hex(key)], key).to.equal(hex(value));
    }));
  });

  it('finds each file under exactly the name that was sent, with its bytes, and gives back what it writes there', async function () {
    this.timeout(timeoutFor(SHARE / 3));
    const given = fc.record({ names: fc.uniqueArray(folder, { minLength: 1, maxLength: 4 }), bytes: fc.uint8Array({ maxLength: 300 }) });
    await forAWhile(SHARE / 3, fc.asyncProperty(given, async ({ names, bytes }) => {
      const { files } = held.sandbox;
      await files.delete('/tmp/names', { recursive: true, force: true });
      await files.createDirectory('/tmp/names', true);
      for (const each of names) await files.write(`/tmp/names/${each}`, Buffer.from(bytes), { mode: 'overwrite', executable: undefined });
      const { stdout } = await run(held.sandbox, ['python3', '-c', turned], { cwd: '/tmp/names' });
      expect(JSON.parse(stdout.toString())).to.deep.equal(Object.fromEntries(names.map((each) => [hex(each), hex(bytes)])));
      const { entries } = await files.list('/tmp/names', { recursive: false, limit: 10, accept: () => true });
      expect(entries.map(({ path }) => path).sort()).to.deep.equal(names.map((each) => `/tmp/names/${each}`).sort());
      for (const each of names) expect((await files.read(`/tmp/names/${each}`, 0, undefined)).bytes.toString('hex')).to.equal(hex([...bytes].reverse()));
    }));
  });

  it('that is a line of a shell gets its variables and input exactly', async function () {
    this.timeout(timeoutFor(SHARE / 3));
    await forAWhile(SHARE / 3, fc.asyncProperty(text, fc.uint8Array({ minLength: 1, maxLength: 500 }), async (value, stdin) => {
      const { exit, stdout } = await run(held.sandbox, 'printf %s "$VALUE"; printf "|"; cat', { env: { VALUE: value }, stdin: Buffer.from(stdin) });
      expect(exit).to.deep.include({ kind: 'exited', code: 0 });
      expect(stdout.toString('hex')).to.equal(`${hex(value)}7c${hex(stdin)}`);
    }));
  });
});
