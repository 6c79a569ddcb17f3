/** Reads the secrets that the configuration names from this machine: its environment, its files, and what programs print. */
import { type Clock, deadline } from '../base/clock.ts';
import { readPrivateFile } from '../base/private-file.ts';
import { MAX_SECRET_BYTES } from '../protocol/index.ts';
import { Collector } from '../runtime/machine/collector.ts';
import type { Keeper } from '../runtime/machine/keeper.ts';
import { startProcess } from '../runtime/machine/process.ts';
import { rememberedSecrets } from '../secrets/sources.ts';
import type { Surroundings } from './surroundings.ts';

type Parts = Pick<Surroundings, 'env' | 'uid' | 'clock'> & { readonly keeper: Keeper };

/** A secret ends with its line, which does not belong to it. */
const LINE_END_BYTES = 2;
/** The program may keep a log. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_WORDS = 300;

export function secretValues({ env, uid, clock, keeper }: Parts) {
  return rememberedSecrets({
    env,
    clock,
    file: async (path) => privateFile(path, uid),
    command: (command, timeoutMs) => printed(command, timeoutMs, { env, clock, keeper }),
  });
}

function privateFile(path: string, uid: number): string {
  try {
    return readPrivateFile(path, uid, MAX_SECRET_BYTES + LINE_END_BYTES);
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    throw new Error(code === undefined ? `the file can't be used: ${message}` : `the file can't be opened (${code})`);
  }
}

/** The program gets the daemon's environment, because it has to find the user's keys. What it prints to stdout is never told. */
async function printed(command: readonly string[], timeoutMs: number, { env, clock, keeper }: { env: Parts['env']; clock: Clock; keeper: Keeper }): Promise<string> {
  const own = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const output = new Collector(MAX_SECRET_BYTES + LINE_END_BYTES);
  const program = { command: ['/bin/sh', '-c', 'exec "$@"', 'sh', ...command], cwd: '/', env: own, stdin: 'none', maxFileBytes: MAX_FILE_BYTES } as const;
  const running = await startProcess(program, output.sink, { keeper, clock });
  const late = () => new Error(`${command[0]} did not end within ${timeoutMs / 1000} s`);
  const exit = await deadline(clock, timeoutMs, running.exited, late).finally(() => running.kill());
  if (exit.kind === 'exited' && exit.code === 0) return output.stdout().toString();
  const words = output.stderr().toString().trim().slice(-MAX_WORDS);
  throw new Error(`${command[0]} failed${words && `: ${words}`}`);
}
