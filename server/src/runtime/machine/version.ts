/** The version that a program of this host prints. */
import { type Clock, deadline } from '../../base/clock.ts';
import { Collector } from './collector.ts';
import type { Keeper } from './keeper.ts';
import { startProcess } from './process.ts';

const DEADLINE_MS = 10_000;
const MAX_OUTPUT_BYTES = 1024;

/**
 * Runs `path --version`, which must print `name` and then a version number. `name` is that of the program in messages, too.
 * @throws Error, whose message says what is wrong
 */
export async function versionOf(name: string, path: string, { keeper, clock }: { keeper: Keeper; clock: Clock }): Promise<string> {
  const output = new Collector(MAX_OUTPUT_BYTES);
  const program = { command: [path, '--version'], cwd: '/', env: {}, stdin: 'none', maxFileBytes: 0 } as const;
  const running = await startProcess(program, output.sink, { keeper, clock });
  await deadline(clock, DEADLINE_MS, running.exited, () => new Error(`${name} does not answer`)).finally(() => running.kill());
  const version = new RegExp(`^${name} (\\d+\\.\\d+(?:\\.\\d+)?)`).exec(output.stdout().toString())?.[1];
  if (version === undefined) throw new Error(`${name} is there but does not start`);
  return version;
}
