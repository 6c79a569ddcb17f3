/** Finds out whether the permissions of a Deno hold, by running programs that try to do what is forbidden. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Sandbox } from '../../ports.ts';
import { Collector } from '../../machine/collector.ts';
import attempts from './attempts.mjs' with { type: 'text' };

/** The quantities are those of choice/measurements.ts, but `memoryBytes` is what a program used: a sandbox in which none runs is only a folder. */
export interface Probe {
  readonly coldMs: number;
  readonly warmMs: number;
  readonly memoryBytes: number;
  /** The path of the program that really ran, as Deno says: what was started may have been a script that starts another. */
  readonly program: string;
}

const CANARY = 'what no program may read';
const MAX_OUTPUT_BYTES = 64 * 1024;

const staticImport = (outside: string) => `import text from ${JSON.stringify(outside)} with { type: "text" };\nconsole.log(text);\n`;

/**
 * `makeMs`: how long it took to make the sandbox. `folder`: a folder of the host outside of the sandbox.
 * @throws Error with a message that says what is wrong
 */
export async function probe(sandbox: Sandbox, makeMs: number, folder: string, clock: Clock): Promise<Probe> {
  const outside = await mkdtemp(join(folder, 'outside-'));
  const secret = join(outside, 'secret.txt');
  try {
    await writeFile(secret, CANARY);
    const cold = await run(sandbox, 'probe.ts', `const outside = ${JSON.stringify(secret)};\n${attempts}`, clock);
    const { open, memoryBytes, program } = reportIn(cold.stdout);
    if (open.length > 0) throw new Error(`its programs can ${open.join(', ')} in spite of its permissions; install another version`);
    const leak = await run(sandbox, 'import.ts', staticImport(secret), clock);
    if (leak.stdout.includes(CANARY)) throw new Error('its programs can import files outside; install another version');
    const warm = await run(sandbox, 'hello.ts', 'console.log("hello")', clock);
    if (warm.stdout !== 'hello\n') throw new Error(noProgram);
    return { coldMs: makeMs, warmMs: cold.firstMs, memoryBytes, program };
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
}

async function run(sandbox: Sandbox, name: string, code: string, clock: Clock) {
  const path = `/workspace/${name}`;
  await sandbox.files.write(path, Buffer.from(code), { mode: 'overwrite', executable: undefined });
  const output = new Collector(MAX_OUTPUT_BYTES);
  const begin = clock.monotonic();
  let firstMs: number | undefined;
  const program = { command: ['deno', 'run', path], cwd: '/workspace', env: {}, stdin: 'none', pty: undefined } as const;
  const running = await sandbox.start(program, (stream, chunk) => {
    firstMs ??= clock.monotonic() - begin;
    return output.sink(stream, chunk);
  });
  await running.exited;
  return { stdout: output.stdout().toString(), firstMs: firstMs ?? 0 };
}

interface Report {
  readonly open: readonly string[];
  readonly memoryBytes: number;
  readonly program: string;
}

function reportIn(stdout: string): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(noProgram);
  }
}

const noProgram = 'it does not run a program as it should; install another version';
