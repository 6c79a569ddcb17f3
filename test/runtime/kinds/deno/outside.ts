/** A folder on the host outside of a sandbox with a secret in it, and programs that try to get there. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { expect } from 'chai';
import type { Sandbox, SandboxSpec } from '../../../../server/src/runtime/ports.ts';
import { create, type Ran, run, write } from '../../contract/harness.ts';
import { type DenoSubject, denoSubject } from './subject.ts';

export const SECRET = 'what no program may see';

export class Outside {
  readonly subject: DenoSubject;
  readonly sandbox: Sandbox;
  readonly folder: string;

  private constructor(subject: DenoSubject, sandbox: Sandbox, folder: string) {
    this.subject = subject;
    this.sandbox = sandbox;
    this.folder = folder;
  }

  static async make(change: Partial<SandboxSpec> = {}, subject?: DenoSubject): Promise<Outside> {
    const made = subject ?? (await denoSubject());
    const folder = await mkdtemp(join(tmpdir(), 'outside-of-deno-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return new Outside(made, await create(made, change), folder);
  }

  /** Fails if a program has changed something in this folder. */
  async remove(): Promise<void> {
    await this.sandbox.close();
    await this.subject.dispose();
    const left = Object.fromEntries(
      await Promise.all((await readdir(this.folder)).map(async (name) => [name, await readFile(join(this.folder, name), 'utf8')] as const)),
    );
    await rm(this.folder, { recursive: true });
    expect(left).to.deep.equal(files);
  }

  /** Runs a source text with the path of this folder as its first argument. Fails if the output has the secret in it. */
  async run(name: string, source: string, env: Record<string, string> = {}): Promise<Ran> {
    const path = posix.resolve('/workspace', name);
    await write(this.sandbox, path, source.replaceAll('OUTSIDE', this.folder));
    const ran = await run(this.sandbox, ['deno', 'run', path, this.folder], { env: { NO_COLOR: '1', ...env } });
    expect(ran.stdout.toString() + ran.stderr.toString()).not.to.contain(SECRET);
    return ran;
  }

  /** Runs all attempts, each of which is an expression, in one program. Resolves with the values of those that did not throw. */
  async attempt(attempts: Readonly<Record<string, string>>, prelude = '', file = 'attempts.ts'): Promise<Record<string, string>> {
    const list = Object.entries(attempts).map(([name, code]) => `[${JSON.stringify(name)}, async () => (${code})]`);
    const { stdout, stderr } = await this.run(file, `${prelude}\n${runAttempts}\nawait runAttempts([${list.join(',\n')}]);\n`);
    const [, json] = /^RESULTS (.*)$/m.exec(stdout.toString()) ?? [];
    if (json === undefined) throw new Error(`no results: ${stdout.toString()} ${stderr.toString()}`);
    const results = JSON.parse(json) as Record<string, string>;
    expect(Object.keys(results)).to.have.members(Object.keys(attempts));
    return Object.fromEntries(Object.entries(results).filter(([, result]) => result !== 'closed'));
  }
}

const files: Readonly<Record<string, string>> = {
  'secret.txt': SECRET,
  'secret.json': JSON.stringify({ secret: SECRET }),
  'secret.ts': `export default ${JSON.stringify(SECRET)} as string;\n`,
  'secret.cjs': `module.exports = ${JSON.stringify(SECRET)};\n`,
};

const runAttempts = `
const OUT = Deno.args[0], SECRET_FILE = OUT + "/secret.txt", HERE = Deno.cwd();
addEventListener("unhandledrejection", (event) => event.preventDefault());
addEventListener("error", (event) => event.preventDefault());
async function runAttempts(list: [string, () => unknown][]) {
  const results: Record<string, string> = {};
  for (const [name, attempt] of list) {
    try {
      const value = await Promise.race([attempt(), new Promise((_, no) => setTimeout(no, 2000))]);
      results[name] = "open: " + String(value).slice(0, 80);
    } catch { results[name] = "closed"; }
  }
  console.log("RESULTS " + JSON.stringify(results));
  Deno.exit();
}`;
