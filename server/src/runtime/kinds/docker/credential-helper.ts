/** Asks a program `docker-credential-NAME`, which the user's configuration of Docker names, for credentials. */
import { type Clock, deadline } from '../../../base/clock.ts';
import { Collector } from '../../machine/collector.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { startProcess } from '../../machine/process.ts';

/** It may have to ask the person for a password. */
const DEADLINE_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** It may keep a log. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface HelperParts {
  /** It gets the daemon's environment, because it has to find the user's keys. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly keeper: Keeper;
  readonly clock: Clock;
}

/** Resolves with what the program prints. Rejects where it is missing, or prints nothing. */
export async function askHelper(name: string, input: string, { env, keeper, clock }: HelperParts): Promise<string> {
  if (!/^[\w.-]+$/.test(name)) throw new Error('the configuration of Docker names a credential helper that no program can have');
  const own = Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  const output = new Collector(MAX_ANSWER_BYTES);
  const program = { command: ['/bin/sh', '-c', 'exec "docker-credential-$0" get', name], cwd: '/', env: own, stdin: Buffer.from(input), maxFileBytes: MAX_FILE_BYTES };
  const running = await startProcess(program, output.sink, { keeper, clock });
  await deadline(clock, DEADLINE_MS, running.exited, () => new Error(`docker-credential-${name} does not answer`)).finally(() => running.kill());
  const answer = output.stdout().toString().trim();
  if (answer === '') throw new Error(`docker-credential-${name} is not on PATH, or gives no answer`);
  return answer;
}
