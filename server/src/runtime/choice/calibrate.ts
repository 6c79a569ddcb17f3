/** Measures a runtime by using it once: it makes one sandbox and runs one small program. */
import { randomBytes } from 'node:crypto';
import { type Clock, deadline } from '../../base/clock.ts';
import type { LanguageId, Limits } from '../../protocol/index.ts';
import type { Runtime, Sandbox } from '../ports.ts';
import type { Quantity } from './measurements.ts';

const MiB = 2 ** 20;
const limits: Limits = { memoryBytes: 256 * MiB, cpus: 1, pids: 64, diskBytes: 64 * MiB, outputBytes: MiB, timeoutMs: 0, packageBytes: MiB };

/** A runtime gets the first of these that it can run. The languages that most runtimes have come first, so that their numbers can be compared. */
const programs: readonly (readonly [LanguageId, string])[] = [
  ['javascript', 'console.log(1)'],
  ['typescript', 'console.log(1)'],
  ['python', 'print(1)'],
  ['shellscript', 'echo 1'],
  ['ruby', 'puts 1'],
];

const CALIBRATION_DEADLINE_MS = 20_000;

/**
 * Calls `record` with what it measures. Resolves with false where it measured nothing, because something would have to be
 * downloaded first or the runtime runs none of the languages.
 * @throws Error where it takes too long; whatever the runtime throws
 */
export async function calibrate(runtime: Runtime, clock: Clock, record: (quantity: Quantity, value: number) => void): Promise<boolean> {
  const info = runtime.info();
  const found = programs.find(([id]) => info.languages.some((language) => language.id === id) && runtime.prepared(id));
  if (!found) return false;
  const [language, code] = found;
  const abort = new AbortController();
  const late = () => {
    const fault = new Error(`${runtime.id} took longer than ${CALIBRATION_DEADLINE_MS / 1000} s`);
    abort.abort(fault);
    return fault;
  };
  const spec = {
    name: `calibrate-${randomBytes(4).toString('hex')}`,
    language,
    image: info.languages.find(({ id }) => id === language)?.image,
    limits,
    workspace: undefined,
  } as const;
  await deadline(clock, CALIBRATION_DEADLINE_MS, (async () => {
    const begin = clock.monotonic();
    const sandbox = await runtime.create(spec, { signal: abort.signal, report: () => undefined });
    try {
      record('coldMs', clock.monotonic() - begin);
      if (sandbox.memoryBytes !== undefined) record('memoryBytes', sandbox.memoryBytes);
      const warmMs = await firstOutput(sandbox, language, code, clock, abort.signal);
      if (warmMs !== undefined) record('warmMs', warmMs);
    } finally {
      await sandbox.close();
    }
  })(), late);
  return true;
}

/** Milliseconds from starting a program to its first byte of output. undefined: it failed, or printed nothing. */
async function firstOutput(sandbox: Sandbox, language: LanguageId, code: string, clock: Clock, signal: AbortSignal): Promise<number | undefined> {
  const toolchain = await sandbox.toolchain(language);
  const file = `/workspace/calibrate${toolchain?.extension ?? ''}`;
  const phase = toolchain?.phases(file, [], '/tmp').at(-1);
  if (!phase) return undefined;
  const written = { [file]: code, ...phase.files };
  for (const [path, text] of Object.entries(written)) {
    await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
  }
  const program = { command: phase.command, env: phase.env, cwd: '/workspace', stdin: 'none', pty: undefined } as const;
  const begin = clock.monotonic();
  let heard: number | undefined;
  const running = await sandbox.start(program, () => {
    heard ??= clock.monotonic() - begin;
  });
  const kill = () => void running.kill().catch(() => undefined);
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const exit = await running.exited.finally(() => signal.removeEventListener('abort', kill));
  return exit.kind === 'exited' && exit.code === 0 ? heard : undefined;
}
