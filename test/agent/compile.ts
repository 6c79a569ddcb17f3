/** Compiles the agent for tests, with GCC. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { need, program, type Probe } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';

const execute = promisify(execFile);

export const agentFolder = fileURLToPath(new URL('../../server/agent/', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** Without what it changes, an agent under QEMU starts no programs. */
export const forQemu = `${here}qemu.h`;

/** The source files of the agent. */
export const sources = readdirSync(`${agentFolder}src`).filter((name) => name.endsWith('.c')).map((name) => `${agentFolder}src/${name}`);

/** The compilers of the agent, for both kinds of machines. */
export const compilers: Probe = async () => {
  for (const name of ['gcc', 'musl-gcc', 'aarch64-linux-gnu-gcc']) {
    const missing = await program(name)();
    if (missing) return `${missing}; run test/setup/agent.sh as root`;
  }
  return undefined;
};

/** What build.sh needs, so that it can work without a network. */
export const builder: Probe = async () => {
  const missing = await compilers();
  if (missing) return missing;
  const fetched = fileURLToPath(new URL('../../.cache/agent/', import.meta.url));
  const found = existsSync(fetched) && readdirSync(fetched).some((name) => name.endsWith('-arm64'));
  return found ? undefined : 'musl for aarch64 has not been fetched; run test/setup/agent.sh';
};

/** Runs a program on the host. Rejects with what it has written if it fails. */
export async function onHost(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return stdout;
}

/** The address sanitizer and the one for undefined behaviour end the process at their first report, which sanitizers.c says where to write. */
const sanitized = ['-std=c11', '-g', '-O1', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', `${here}sanitizers.c`];

/** Compiles an agent that reports wrong uses of memory and undefined behaviour. */
export async function compileSanitized(output: string): Promise<void> {
  await onHost('gcc', [...sanitized, ...sources, '-o', output]);
}

/** Compiles the program that gives one stream of frames after another to such an agent. Its own `main` takes the place of the agent's. */
export async function compileFuzzer(output: string): Promise<void> {
  const object = `${output}.o`;
  const flags = sanitized.filter((word) => !word.endsWith('.c'));
  await onHost('gcc', [...flags, '-Dmain=agent_main', '-r', '-nostdlib', '-o', object, ...sources]);
  await onHost('gcc', [...flags, '-Wall', '-Wextra', '-Werror', `${here}sanitizers.c`, `${here}fuzz.c`, object, '-o', output]);
}

/** For the enclosing `describe`, which needs bubblewrap as well: a program made by `compile`, at the path that is returned. */
export function useCompiled(compile: (output: string) => Promise<void>): { readonly path: string } {
  const compiled = { path: '' };
  let folder = '';
  before(need('the compilers of the agent', compilers));
  before(need('bubblewrap', bubblewrap));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    compiled.path = join(folder, 'program');
    await compile(compiled.path);
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  return compiled;
}
