/**
 * What a primed interpreter is told, on its stdin before the program's own: eight hexadecimal digits that count the
 * bytes which follow, then strings, each ended by NUL: working directory, source file, how many variables, the
 * variables as NAME=value, the arguments.
 */
import type { Environment } from '../../protocol/index.ts';

export interface Order {
  /** Absolute. */
  readonly cwd: string;
  /** Absolute. */
  readonly file: string;
  readonly env: Environment;
  readonly args: readonly string[];
}

export function orderBytes({ cwd, file, env, args }: Order): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const body = Buffer.from([cwd, file, String(variables.length), ...variables, ...args].map((text) => `${text}\0`).join(''));
  return Buffer.concat([Buffer.from(body.length.toString(16).padStart(8, '0')), body]);
}
