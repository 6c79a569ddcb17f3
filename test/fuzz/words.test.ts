/** A program gets as arguments, variables, folder and input byte for byte what was sent, whatever characters these have. */
import { expect } from 'chai';
import fc from 'fast-check';
import { everySandbox, useSandbox } from '../runtime/agent/promises/sandboxes.ts';
import { run } from '../runtime/contract/harness.ts';
import { forAWhile, timeoutFor } from './while.ts';

const SHARE = 0.15;

/** As UTF-8 can say it, and without NUL. */
const whole = (value: string) => Buffer.from(value.replaceAll('\0', '')).toString();

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

const hex = (value: string | Uint8Array): string => Buffer.from(value as string).toString('hex');

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

  it('that is a line of a shell gets its variables and input exactly', async function () {
    this.timeout(timeoutFor(SHARE / 3));
    await forAWhile(SHARE / 3, fc.asyncProperty(text, fc.uint8Array({ minLength: 1, maxLength: 500 }), async (value, stdin) => {
      const { exit, stdout } = await run(held.sandbox, 'printf %s "$VALUE"; printf "|"; cat', { env: { VALUE: value }, stdin: Buffer.from(stdin) });
      expect(exit).to.deep.include({ kind: 'exited', code: 0 });
      expect(stdout.toString('hex')).to.equal(`${hex(value)}7c${hex(stdin)}`);
    }));
  });
});
