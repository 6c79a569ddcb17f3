/** Reads the secrets that the configuration names from this machine: its environment, its files, and what programs print. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Clock, deadline } from '../base/clock.ts';
import { MAX_SECRET_BYTES } from '../protocol/index.ts';
import { Collector } from '../runtime/machine/collector.ts';
import { errorCode } from '../runtime/machine/faults.ts';
import type { Keeper } from '../runtime/machine/keeper.ts';
import { startProcess } from '../runtime/machine/process.ts';
import { rememberedSecrets } from '../secrets/sources.ts';
import type { Surroundings } from './surroundings.ts';

type Parts = Pick<Surroundings, 'env' | 'uid' | 'clock'> & { readonly keeper: Keeper };

const OF_OTHERS = 0o077;
/** The program may keep a log. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_WORDS = 300;

export function secretValues({ env, uid, clock, keeper }: Parts) {
  return rememberedSecrets({
    env,
    clock,
    file: (path) => privateFile(path, uid),
    command: (command, timeoutMs) => printed(command, timeoutMs, { env, clock, keeper }),
  });
}

async function privateFile(path: string, uid: number): Promise<string> {
  // A pipe that nobody writes to must not be waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((fault: unknown) => {
    throw new Error(`the file can't be opened (${errorCode(fault)})`);
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new Error('the file is not a regular file');
    if (uid >= 0 && (status.uid !== uid || (status.mode & OF_OTHERS) !== 0)) throw new Error('the file has to belong to you, and nobody else may read it: chmod 600');
    if (status.size > MAX_SECRET_BYTES + 2) throw new Error(`the file is longer than ${MAX_SECRET_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The program gets the daemon's environment, because it has to find the user's keys. What it prints to stdout is never told. */
async function printed(command: readonly string[], timeoutMs: number, { env, clock, keeper }: { env: Parts['env']; clock: Clock; keeper: Keeper }): Promise<string> {
  const own = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const output = new Collector(MAX_SECRET_BYTES + 2);
  const program = { command: ['/bin/sh', '-c', 'exec "$@"', 'sh', ...command], cwd: '/', env: own, stdin: 'none', maxFileBytes: MAX_FILE_BYTES } as const;
  const running = await startProcess(program, output.sink, { keeper, clock });
  const late = () => new Error(`${command[0]} did not end within ${timeoutMs / 1000} s`);
  const exit = await deadline(clock, timeoutMs, running.exited, late).finally(() => running.kill());
  if (exit.kind === 'exited' && exit.code === 0) return output.stdout().toString();
  const words = output.stderr().toString().trim().slice(-MAX_WORDS);
  throw new Error(`${command[0]} failed${words && `: ${words}`}`);
}
